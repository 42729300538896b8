import numpy as np
import pytest

from recsys.models.losses import catalogue_log_likelihood
from recsys.models.negatives import Negatives, NegativeSampler

rng = np.random.default_rng(5)
QUERIES, TABLE, BIAS = rng.normal(size=(4, 3)).astype("f"), rng.normal(size=(6, 3)).astype("f"), rng.normal(size=6).astype("f")
TARGETS = np.array([1, 5, 2, 2], np.int32)


def softmax_over_products():
    scores = QUERIES @ TABLE[1:].T + BIAS[1:]
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def test_the_complete_likelihood_is_the_log_softmax_without_padding():
    found = catalogue_log_likelihood(QUERIES, TARGETS, TABLE, BIAS)
    np.testing.assert_allclose(found, softmax_over_products()[np.arange(4), TARGETS - 1], rtol=1e-5)


def test_drawing_every_product_as_often_as_expected_gives_the_complete_likelihood():
    every = Negatives(np.arange(1, 6, dtype=np.int32), np.zeros(5, np.float32))
    found = catalogue_log_likelihood(QUERIES, TARGETS, TABLE, BIAS, every)
    np.testing.assert_allclose(found, softmax_over_products()[np.arange(4), TARGETS - 1], rtol=1e-5)


def test_many_draws_come_close_to_the_complete_likelihood_however_uneven_they_are():
    drawn = NegativeSampler(np.array([0, 100, 1, 30, 5, 60])).draw(np.random.default_rng(1), 200_000)
    found = catalogue_log_likelihood(QUERIES, TARGETS, TABLE, BIAS, drawn)
    np.testing.assert_allclose(found, softmax_over_products()[np.arange(4), TARGETS - 1], atol=0.05)


def test_draws_follow_the_counts_to_the_power_and_never_hit_padding():
    drawn = NegativeSampler(np.array([0, 16, 1]), alpha=0.5).draw(np.random.default_rng(1), 100_000)
    assert np.bincount(drawn.items, minlength=3)[0] == 0
    assert np.mean(drawn.items == 1) == pytest.approx(0.8, abs=0.01)
    np.testing.assert_allclose(np.unique(drawn.log_expected), np.log([20_000, 80_000]), rtol=1e-6)


def test_a_product_without_an_event_is_drawn_as_one_with_one():
    drawn = NegativeSampler(np.array([0, 3, 0]), alpha=1.0).draw(np.random.default_rng(1), 100_000)
    assert np.mean(drawn.items == 2) == pytest.approx(0.25, abs=0.01)
