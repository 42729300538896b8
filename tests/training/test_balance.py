import itertools
from dataclasses import replace

import numpy as np
import pytest

from recsys.models.conditions import NEXT_EVENT
from recsys.models.definition import ModelDefinition
from recsys.models.factory import make_model
from recsys.models.follows import Follows, count_follows
from recsys.models.layers.taste_path import TastePath
from recsys.models.recommender import NOT_MOVED, Moves
from recsys.sequences.shape import WindowShape
from recsys.training.balance import added, balanced, best_move, ndcg_sums, rounds_of
from recsys.training.lists import make_scorer

SHAPE = WindowShape(length=8, memory=4, attributes=2)


def test_only_paths_that_have_a_say_are_moved_and_the_first_move_of_a_round_is_none():
    for copy_path, neighbours, tastes, without_seen, trends, alike in itertools.product((True, False), (32, 0), (20, 0), *[(True, False)] * 3):
        definition = ModelDefinition(name="any", copy_path=copy_path, neighbours=neighbours, likenesses=tastes)
        rounds = rounds_of(definition, without_seen, trends, alike)
        assert all(moves[0] == NOT_MOVED and len(set(moves)) == len(moves) for moves in rounds)
        assert all(len(moves) > 1 for moves in rounds) or len(rounds) == 1
        copies, follows = copy_path and not without_seen, neighbours > 0
        shares, rare, rest = (copies, follows, *[False] * 4), (*[False] * 4, follows, False), (False, False, tastes > 0 and alike, copies and trends, False, without_seen and trends)
        tried = [tuple(len(set(own)) > 1 for own in zip(*moves)) for moves in rounds]
        assert tried == ([each for each in (shares, rare, rest) if any(each)] or [(False,) * 6])
    for without_seen in (True, False):
        moves = [move for moves in rounds_of(ModelDefinition(name="any", trend=False), without_seen, True, True) for move in moves]
        assert {(move.own, move.others) for move in moves} == {(0, 0)}


def test_the_taste_path_is_heard_by_a_tenth_not_at_all_or_by_three_tenths():
    begins = float(TastePath(3, 2, name="tastes").share[0])
    moves = {move.taste for move in rounds_of(ModelDefinition(name="any"), False, False, True)[-1]}
    assert sorted(1 / (1 + np.exp(-begins - move)) for move in moves) == pytest.approx([0, 0.1, 0.3], abs=1e-6)


def test_sums_are_over_real_rows_and_gains_against_the_first_move():
    batch = {"weight": np.array([1, 0, 1]), "targets": np.array([[1, 0], [1, 0], [2, 3]])}
    lists = np.array([[[4, 5], [1, 5], [2, 3]], [[1, 5], [4, 5], [4, 2]]])  # NDCG 0 and 1; then 1 and what the second place is worth
    second = 1 / np.log2(3) / (1 + 1 / np.log2(3))
    expected = [[1, 0, 0], [1 + second, second, 1 + (second - 1) ** 2], [2, 2, 2]]
    np.testing.assert_allclose(ndcg_sums([batch], lambda batch: lists, 2), expected)
    np.testing.assert_allclose(ndcg_sums([batch, batch], lambda batch: lists, 2), 2 * np.array(expected))
    assert ndcg_sums([], lambda batch: lists, 2).tolist() == [[0, 0, 0]] * 3


@pytest.mark.parametrize("users, expected", [(0, 0), (1, 0), (5, 0), (500, 1)])
def test_a_gain_counts_once_enough_users_show_it(users, expected):
    # Half of the users gain .3, half lose .1: a mean of .1 with a deviation of .2, so a standard error of .1 for five users.
    sums = np.array([[0.2 * users, 0, 0], [0.3 * users, 0.1 * users, 0.05 * users], [users] * 3])
    assert best_move(sums) == expected


def test_the_lists_of_a_move_are_those_of_a_model_whose_shares_are_moved():
    model = make_model(ModelDefinition(name="one", width=8, head_width=8), SHAPE, products=12, segments=1)
    batch = SHAPE.padding(2)
    batch["length"][:], batch["items"][:, :3] = 3, [[5, 2, 9], [9, 1, 4]]
    follows = count_follows([np.array([[2, 9, 11], [4, 7, 3]])], 12, 32)
    alike = Follows(np.eye(13, 20, dtype=np.int32)[::-1] * 8, np.ones((13, 20), np.float32))
    model.fill(replace(follows, alike=alike, lately=np.array([0, 0, 7, 0, 90, 1, 0, 0, 0, 30, 0, 0, 0], np.float32)))
    moves = [
        Moves(), Moves(-3.0, 3.0), Moves(3.0, -3.0), Moves(3.0, -3.0, own=-2.0), Moves(-3.0, 3.0, rare=2.0), Moves(taste=4.0), Moves(-3.0, others=1.0), Moves(-3.0, 3.0, others=1.0), Moves(),
    ]
    lists = make_scorer(model, NEXT_EVENT, 0, moves=moves)(batch)
    assert len({tuple(own.ravel()) for own in lists}) == 8
    before = [np.array(moved) for moved in model.balance]
    for move, own in zip(moves, lists):
        with balanced(model, move):
            np.testing.assert_array_equal(make_scorer(model, NEXT_EVENT, 0)(batch)[0], own)
    np.testing.assert_array_equal(before, [np.array(moved) for moved in model.balance])


def test_what_rounds_choose_adds_up():
    assert added(Moves(1.0, 2.0), Moves(taste=3.0, own=-0.5)) == Moves(1.0, 2.0, 3.0, -0.5, 0.0, 0.0)
