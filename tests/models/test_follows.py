import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from recsys.models.follows import REACH, Follows, count_follows, nearness
from recsys.models.layers.follow_path import FollowPath
from recsys.models.places import spread

PRODUCTS = 9
WINDOWS = st.lists(st.lists(st.integers(1, PRODUCTS), min_size=1, max_size=12), min_size=1, max_size=5)


def padded(windows):
    rows = np.zeros((len(windows), max(map(len, windows))), np.int32)
    for row, window in zip(rows, windows):
        row[:len(window)] = window
    return rows


def counted(*windows):
    follows = count_follows([padded(windows)], PRODUCTS, PRODUCTS)
    counts = np.zeros((PRODUCTS + 1, PRODUCTS + 1))
    np.add.at(counts, (np.arange(PRODUCTS + 1)[:, None], follows.items), follows.counts)
    return counts


def test_what_comes_after_counts_by_one_over_the_root_of_the_distance_and_what_comes_before_two_fifths_of_that():
    counts = counted([1, 2, 3])
    np.testing.assert_allclose([counts[1, 2], counts[1, 3], counts[2, 3]], [1, 0.707, 1], rtol=1e-6)
    np.testing.assert_allclose([counts[2, 1], counts[3, 1], counts[3, 2]], [0.4, 0.2828, 0.4], rtol=1e-6)
    assert not counts[:, 0].any() and not counts.diagonal().any()
    np.testing.assert_allclose(nearness(np.array([-2, -1, 0, 1, 2, REACH, REACH + 1])), [0.4 * 0.707, 0.4, 0, 1, 0.707, 0.354, 0], rtol=1e-6)


@given(WINDOWS)
def test_counts_are_the_sum_over_all_pairs_of_different_products_near_each_other(windows):
    expected = np.zeros((PRODUCTS + 1, PRODUCTS + 1))
    for window in windows:
        for here, product in enumerate(window):
            for there, other in enumerate(window):
                expected[product, other] += nearness(np.array(there - here)) * (product != other)
    np.testing.assert_allclose(counted(*windows), expected, rtol=1e-5)


def test_the_highest_counts_are_kept_in_order_and_ties_go_to_the_smaller_index():
    follows = count_follows((padded([part]) for part in ([1, 4], [1, 3], [1, 3], [1, 2])), PRODUCTS, 2)
    assert follows.items.shape == (PRODUCTS + 1, 2) and follows.items.dtype == np.int32 and follows.counts.dtype == np.float32
    assert list(follows.items[1]) == [3, 2] and list(follows.counts[1]) == [2, 1]
    assert list(follows.items[4]) == [1, 0] and list(follows.counts[4]) == [np.float32(0.4), 0]
    assert not follows.items[0].any() and not follows.items[5].any()


def test_no_windows_give_no_neighbours():
    assert not count_follows([], PRODUCTS, 4).fitted(4).counts.any()


def test_counts_are_cut_or_filled_up_to_what_a_model_looks_at_and_known_by_their_digest():
    follows = count_follows([padded([[1, 2, 3]])], PRODUCTS, 2)
    assert follows.fitted(1).items.shape == (PRODUCTS + 1, 1) and list(follows.fitted(3).items[1]) == [2, 3, 0]
    assert follows.digest == count_follows([padded([[1, 2, 3]])], PRODUCTS, 2).digest != follows.fitted(1).digest
    assert Follows.of_rows(np.array([], int), [], [], PRODUCTS).fitted(2).items.shape == (PRODUCTS + 1, 2)


def path(*windows, kept=PRODUCTS):
    layer = FollowPath(PRODUCTS, kept, conditions=2)
    layer.build((None, None, 4))
    layer.fill(count_follows([padded(windows)], PRODUCTS, kept))
    return layer


def integers(*rows):
    return ops.convert_to_tensor(np.array(rows, np.int32))


def foretold(layer, window, place):
    """The share of the path, and the probability of every product, for who stands at `place` of a window that is not learned from."""
    state = ops.zeros((1, 1, 4))
    odds, products, weights = layer.distribution(state, integers([1]), integers(window), integers([place]))
    return float(ops.sigmoid(odds)[0, 0]), np.asarray(spread(weights, products, PRODUCTS + 1))[0]


def test_each_of_the_last_products_speaks_for_its_neighbours_in_proportion():
    layer = path([1, 2], [1, 2], [1, 3], [4, 5])
    assert foretold(layer, [1], 0)[1] == pytest.approx([0, 0, 2 / 3, 1 / 3, 0, 0, 0, 0, 0, 0])
    assert foretold(layer, [4, 7], 1)[1] == pytest.approx([0, 0, 0, 0, 0, 1, 0, 0, 0, 0])  # nothing is known of 7, so 4 alone speaks
    both = foretold(layer, [4, 1], 1)[1]  # 1 is nearer, and three times as much is known of it
    assert both[5] == pytest.approx(0.6 / (0.6 + 3 ** 0.5))
    share, nothing = foretold(layer, [7], 0)
    assert share == 0 and nothing.sum() == 0


@pytest.mark.parametrize("window", [[2, 1, 2, 3, 1, 4], [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 4], [5, 5, 5, 2]])
def test_a_window_is_learned_from_as_if_it_had_not_been_counted(window):
    others = [[1, 2, 3, 1, 2, 5], [3, 4, 9, 8], [6, 5, 4, 3], [7, 9, 8, 1]]
    counted_with, counted_without = path(*others, window), path(*others)
    for target in range(1, PRODUCTS + 1):
        targets = [target] * len(window)
        odds, likelihood = counted_with.log_likelihood(
            ops.zeros((1, len(window), 4)), integers([1] * len(window)), integers(window), integers(targets),
        )
        for place in range(len(window)):
            expected_share, expected = foretold(counted_without, window, place)
            np.testing.assert_allclose(ops.sigmoid(odds)[0, place], expected_share, rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(np.exp(likelihood)[0, place], expected[target] if expected_share else 0, rtol=1e-3, atol=1e-5)


def test_a_product_that_a_window_itself_put_among_the_neighbours_kept_does_not_foretell_its_own_target():
    window = [1, 4]
    layer = path([1, 2], [1, 2], [1, 3], [1, 3], [1, 4], [1, 4], window, kept=2)  # with the window 1 keeps 4 and 2, without it 2 and 3
    likelihood = {
        target: float(np.exp(layer.log_likelihood(ops.zeros((1, 2, 4)), integers([1, 1]), integers(window), integers([target, 0]))[1])[0, 0])
        for target in (2, 3, 4)
    }
    assert likelihood == {2: pytest.approx(0.5), 3: 0.0, 4: pytest.approx(0.5)}  # a tie, which 4 may stay in
    layer = path([1, 2], [1, 2], [1, 3], [1, 3], [1, 4], [4, 1], [1, 4, 1, 4], kept=2)
    *_, said = layer.log_likelihood(ops.zeros((1, 4, 4)), integers([1] * 4), integers([1, 4, 1, 4]), integers([4, 0, 0, 0]))
    assert np.exp(said)[0, 0] == 0  # 1.5 is left of 4, and what was kept counts 2
