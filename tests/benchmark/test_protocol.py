import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.benchmark.histories import Histories
from recsys.benchmark.protocol import LEAVE_ONE_OUT, TIME, split
from recsys.benchmark.windows import covering_places
from recsys.faults import BadData


def histories(*lists, times=None):
    return Histories(
        np.concatenate([[0], np.cumsum([len(own) for own in lists])]), np.concatenate(lists).astype(np.int32), ("", *"abcdefghij"),
        None if times is None else np.array(times, float),
    )


def test_leave_one_out_tests_with_the_last_event_and_learns_only_from_short_histories():
    parts = split(histories([1, 2, 3, 4], [5, 6], [7, 8, 9]), LEAVE_ONE_OUT)
    assert list(parts.train) == [2, 2, 1] and list(parts.asked(test=True)) == [0, 2] == list(parts.asked(test=False))
    assert list(parts.history(0, test=True)) == [1, 2, 3] and list(parts.targets(0, test=True)) == [4]
    assert list(parts.history(0, test=False)) == [1, 2] and list(parts.targets(0, test=False)) == [3]


def test_a_split_in_time_cuts_all_histories_at_the_same_two_moments():
    parts = split(histories([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], times=[0, 1, 2, 8, 9, 3, 4, 5, 6, 7]), TIME)
    assert list(parts.train) == [3, 5] and list(parts.past) == [4, 5]
    assert list(parts.asked(test=True)) == [0] and list(parts.targets(0, test=True)) == [5] and list(parts.targets(0, test=False)) == [4]


@given(st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=9).map(sorted), min_size=1, max_size=6))
def test_nothing_that_is_learned_from_lies_after_what_is_to_be_found(times):
    try:
        parts = split(histories(*([1] * len(own) for own in times), times=np.concatenate(times)), TIME)
    except BadData:
        return
    learned = [own[:end] for own, end in zip(times, parts.train)]
    tested = [own[end:] for own, end in zip(times, parts.past)]
    assert max(map(max, filter(len, learned))) < min(map(min, filter(len, tested)))


@pytest.mark.parametrize(("kind", "lists", "message"), [(TIME, [[1, 2, 3]], "needs a file with times"), (LEAVE_ONE_OUT, [[1, 2], [3]], "Give longer histories")])
def test_what_cannot_be_split_is_refused(kind, lists, message):
    with pytest.raises(BadData, match=message):
        split(histories(*lists), kind)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(8, 12))
def test_windows_make_every_event_but_the_first_a_target_once(ends, length):
    targets = [(user, place) for user, start, end in covering_places(np.array(ends), length, 1) for place in range(start + 1, end)]
    assert sorted(targets) == [(user, place) for user, end in enumerate(ends) for place in range(1, end)]
    assert all(end - start <= length for _, start, end in covering_places(np.array(ends), length, 1))
