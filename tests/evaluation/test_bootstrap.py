"""The Poisson bootstrap over users, against scipy's and against itself."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from recsys.evaluation.bootstrap import Sums, averaged, interval, weights

_USERS = 400


@pytest.fixture(scope="module")
def counts():
    return weights(np.arange(_USERS) - 7, 1_000)


def _sums(values, counts):
    return Sums.of(values[:, None], np.ones((len(values), 1)), counts)


def _width(sums):
    low, high = interval(sums.ratios)
    return (high - low).item()


def test_a_users_draws_follow_from_its_hash_alone_and_every_user_counts_once_on_average(counts):
    some = weights(np.array([5, -7]), 1_000)
    np.testing.assert_array_equal(some[0], counts[12])
    np.testing.assert_array_equal(some[1], counts[0])
    assert (counts[:, 0] == 1).all() and counts[:, 1:].mean() == pytest.approx(1, abs=0.01) and counts[:, 1:].var() == pytest.approx(1, abs=0.02)


def test_the_interval_of_a_mean_agrees_with_the_ordinary_bootstrap_of_scipy(counts):
    values = np.random.default_rng(3).beta(1, 5, _USERS)
    low, high = interval(_sums(values, counts).ratios)
    theirs = bootstrap((values,), np.mean, method="percentile", n_resamples=2_000, random_state=5).confidence_interval
    spread = theirs.high - theirs.low
    assert (low.item(), high.item()) == (pytest.approx(theirs.low, abs=0.1 * spread), pytest.approx(theirs.high, abs=0.1 * spread))


def test_the_interval_of_a_difference_is_the_paired_one(counts):
    rng = np.random.default_rng(3)
    theirs, gain = rng.normal(0.5, 0.3, _USERS), rng.normal(0.02, 0.05, _USERS)
    difference = _sums(theirs + gain, counts).ratios - _sums(theirs, counts).ratios
    low, high = interval(difference)
    paired = bootstrap((gain,), np.mean, method="percentile", n_resamples=2_000, random_state=5).confidence_interval
    assert low.item() == pytest.approx(paired.low, abs=0.001) and high.item() == pytest.approx(paired.high, abs=0.001)


def test_a_ratio_of_sums_weighs_users_by_their_denominator():
    sums = Sums.of(np.array([[1.0], [0.0]]), np.array([[1.0], [3.0]]), np.array([[1.0, 2.0], [1.0, 0.0]]))
    assert sums.ratios.tolist() == [[1 / 4, 2 / 2]] and sums.users.tolist() == [2]


def test_equal_lists_differ_by_exactly_nothing_however_their_users_are_parted(counts):
    values = np.random.default_rng(3).random(_USERS)
    whole, order = _sums(values, counts), np.random.default_rng(4).permutation(_USERS)
    parts = [_sums(values[part], counts[part]) for part in (order[:7], order[7:300], order[300:])]
    merged = parts[2].merge(parts[0]).merge(parts[1])
    assert (whole.ratios - merged.ratios == 0).all() and merged.users.tolist() == [_USERS]


def test_more_users_make_the_interval_narrower(counts):
    values = np.random.default_rng(3).random(_USERS)
    assert _width(_sums(values, counts)) < 0.7 * _width(_sums(values[:100], counts[:100]))


def test_what_nobody_can_tell_has_no_value_and_no_interval(counts):
    nothing = Sums.of(np.zeros((_USERS, 1)), np.zeros((_USERS, 1)), counts)
    low, high = interval(nothing.ratios)
    assert np.isnan([nothing.ratios[0, 0], low[0], high[0]]).all()


def test_several_measurements_of_the_same_users_are_averaged(counts):
    first, second = _sums(np.full(_USERS, 0.25), counts), _sums(np.full(_USERS, 0.75), counts)
    assert (averaged([first, second]).ratios == 0.5).all()
