"""What the taste path says, by hand."""

import numpy as np
import pytest
from keras import ops

from recsys.models.follows import Follows
from recsys.models.layers.taste_path import SHARE, TastePath
from recsys.models.places import spread

PRODUCTS = 6


def said(items, days, memory=(), day=100, likenesses=2):
    """By product, and the share: of a window of `items` on `days`, beside `memory`, products with days and counts."""
    path = TastePath(PRODUCTS, likenesses, name="tastes")
    near, how = np.zeros((PRODUCTS + 1, 3), np.int32), np.zeros((PRODUCTS + 1, 3), np.float32)
    near[1], how[1] = [3, 4, 5], [0.4, 0.2, 0.1]  # the third is one more than the path knows
    near[2], how[2] = [4, 0, 0], [0.5, 0, 0]
    path.fill(Follows(np.zeros((PRODUCTS + 1, 0), np.int32), np.zeros((PRODUCTS + 1, 0), np.float32), alike=Follows(near, how)))
    remembered = np.array([*memory, (0, 0, 0)], np.float32)
    batch = {
        "items": np.array([[*items, 0]], np.int32), "days": np.array([[*days, 0]], np.int32), "memory_items": remembered[None, :, 0].astype(np.int32),
        "memory_days": remembered[None, :, 1].astype(np.int32), "memory_counts": remembered[None, :, 2],
    }
    batch = {name: ops.convert_to_tensor(values) for name, values in batch.items()}
    odds, products, weights = path.distribution(batch, ops.convert_to_tensor(np.array([[day]], np.int32)))
    return np.asarray(spread(weights, products, PRODUCTS + 1))[0], float(ops.sigmoid(odds)[0, 0])


def test_every_event_speaks_for_what_is_alike_half_as_loud_after_thirty_days():
    found, share = said([1, 2, 1], [70, 100, 100])
    expected = np.array([0, 0, 0, 1.5 * 0.4, 1.5 * 0.2 + 0.5, 0, 0])
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-5)
    assert share == pytest.approx(SHARE)


def test_a_remembered_product_speaks_as_often_as_it_was_touched():
    found, _ = said([2], [100], memory=[(1, 40, 3)])
    expected = np.array([0, 0, 0, 3 / 4 * 0.4, 3 / 4 * 0.2 + 0.5, 0, 0])
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-5)


def test_where_nothing_is_alike_it_is_not_heard():
    found, share = said([6, 5], [100, 100])
    assert share == 0 and not found.any()


def test_of_a_long_history_those_places_count_that_say_most():
    found, _ = said([2] * 64 + [1], [100] * 64 + [10])
    np.testing.assert_allclose(found, np.eye(PRODUCTS + 1)[4], atol=1e-6)
