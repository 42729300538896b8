"""The best of long rows, block by block, against a complete order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.models.top import top_k


@given(st.integers(1, 12), st.integers(0, 700), st.integers(0, 2**32 - 1))
def test_the_best_n_are_those_of_the_whole_row_in_order(n, more, seed):
    scores = np.random.default_rng(seed).permutation(3 * (n + more)).reshape(3, -1).astype(np.float32)
    best, places = map(np.asarray, top_k(scores, n))
    np.testing.assert_array_equal(places, np.argsort(-scores, axis=1)[:, :n])
    np.testing.assert_array_equal(best, np.take_along_axis(scores, places, axis=1))


@pytest.mark.parametrize("score", [-1.0, 0.5])
def test_equal_scores_fill_the_list_once_each(score):
    best, places = map(np.asarray, top_k(np.full((2, 1_003), score, np.float32), 10))
    assert (best == score).all() and (places < 1_003).all()
    assert all(len(set(row)) == 10 for row in places)


def test_a_product_that_must_not_be_listed_does_not_take_the_place_of_another():
    scores = np.full((1, 1_000), -1.0, np.float32)
    scores[0, [7, 500, 999]] = [0.1, 0.3, 0.2]
    best, places = map(np.asarray, top_k(scores, 4))
    assert places[0, :3].tolist() == [500, 999, 7] and best[0, 3] == -1
