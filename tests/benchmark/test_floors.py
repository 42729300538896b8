import numpy as np
import pytest

from recsys.benchmark.floors import markov, neighbours, popularity
from recsys.benchmark.histories import Histories
from recsys.benchmark.protocol import LEAVE_ONE_OUT, WITH_SEEN, WITHOUT_SEEN, split
from recsys.benchmark.scores import Tally, difference, judge
from recsys.models.follows import Follows

LISTS = [[1, 2, 1, 2, 3], [2, 3, 3, 2], [4, 1, 2]]
PARTS = split(Histories(np.array([0, 5, 9, 12]), np.concatenate(LISTS).astype(np.int32), ("", *"abcde")), LEAVE_ONE_OUT)


def test_popularity_counts_what_is_known_before_the_part():
    assert list(popularity(PARTS, test=False)(np.array([1]))) == [1, 2, 3, 4, 5]  # 1 twice, 2 twice, 3 and 4 once; 5 never
    assert list(popularity(PARTS, test=True)(np.array([1]))) == [1, 2, 3, 4, 5]  # 1 and 2 three times, 3 twice


def test_markov_ranks_what_came_next_most_often_and_then_what_is_popular():
    ranking = markov(PARTS, test=True)
    assert list(ranking(np.array([9, 1]) - np.array([8, 0]))) == [2, 1, 3, 4, 5]  # after 1 came 2, twice
    assert list(ranking(np.array([2]))) == [1, 3, 2, 4, 5]  # after 2 came 1 and 3, once each
    assert list(ranking(np.array([3]))) == [3, 1, 2, 4, 5]


def test_neighbours_of_the_last_products_are_heard_by_how_near_and_how_well_known_they_are():
    follows = Follows(np.array([[0, 0], [2, 3], [4, 0], [0, 0], [1, 0], [0, 0]], np.int32), np.array([[0, 0], [3, 1], [9, 0], [0, 0], [1, 0], [0, 0]], np.float32))
    ranking = neighbours(PARTS, False, follows)
    assert list(ranking(np.array([1]))) == [2, 3, 1, 4, 5]  # 3/4 and 1/4, then by popularity
    assert list(ranking(np.array([2, 1])))[:3] == [4, 2, 3]  # .6 * 9 ** .5 = 1.8 for 4; 4 ** .5 * 3 / 4 = 1.5 for 2
    assert list(ranking(np.array([5]))) == [1, 2, 3, 4, 5]  # nothing is known of 5


def test_of_neighbours_that_are_as_near_the_one_that_comes_near_fewer_others_is_first():
    follows = Follows(np.array([[0, 0], [2, 3], [4, 0], [4, 0], [0, 0], [0, 0]], np.int32), np.array([[0, 0], [1.1, 1], [32, 0], [1, 0], [0, 0], [0, 0]], np.float32))
    assert list(neighbours(PARTS, False, follows)(np.array([1])))[:2] == [3, 2]  # 1 / 1 ** .1, and 1.1 / 32 ** .1 = .78


def test_a_list_is_judged_with_and_without_what_the_user_had():
    figures = judge(lambda history: iter([1, 2, 3]), [np.array([1, 2]), np.array([1])], [np.array([3]), np.array([1])]).figures()
    assert figures[WITH_SEEN] == pytest.approx({"hr@10": 1.0, "ndcg@10": (1 / np.log2(4) + 1) / 2})
    assert figures[WITHOUT_SEEN] == pytest.approx({"hr@10": 0.5, "ndcg@10": 1 / 2})


def test_several_targets_share_one_ndcg_and_one_hit():
    tally = Tally()
    for kind in (WITH_SEEN, WITHOUT_SEEN):
        tally.add(kind, np.array([[4, 5, 6]]), [np.array([5, 9, 5])])
    assert tally.figures()[WITH_SEEN] == pytest.approx({"hr@10": 1.0, "ndcg@10": (1 / np.log2(3)) / (1 + 1 / np.log2(3))})


def test_a_difference_is_paired_and_its_interval_shrinks_with_users():
    users = 4_000
    first, second = Tally(), Tally()
    for kind in (WITH_SEEN, WITHOUT_SEEN):
        hits = np.arange(users) % 2  # one finds it for every other user, the other for three in four of these
        first.add(kind, np.where(hits, 1, 2)[:, None], [np.array([1])] * users)
        second.add(kind, np.where(hits * (np.arange(users) % 8 != 1), 1, 2)[:, None], [np.array([1])] * users)
    found = difference(first, second, seed=1)[WITH_SEEN]
    assert found["difference"] == pytest.approx(1 / 8)
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * np.sqrt(1 / 8 * 7 / 8 / users), rel=0.15)
    assert difference(first, first, seed=1)[WITH_SEEN] == {"difference": 0.0, "low": 0.0, "high": 0.0}
