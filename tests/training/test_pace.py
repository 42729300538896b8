import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.settings import TrainingSettings
from recsys.training.pace import learning_rate, stalled

SETTINGS = TrainingSettings(learning_rate=1.0)


def rates(steps, time=0.0):
    return [learning_rate(SETTINGS, step, steps, time) for step in range(steps)]


def test_the_rate_climbs_for_fifty_steps_and_falls_to_a_tenth_along_a_cosine():
    found = rates(1050)
    assert found[0] == pytest.approx(1 / 50) and found[49] == found[50] == 1.0
    assert found[550] == pytest.approx(0.55) and found[-1] == pytest.approx(0.1, abs=1e-4)
    assert found[:50] == sorted(found[:50]) and found[50:] == sorted(found[50:], reverse=True)


def test_a_short_training_climbs_for_a_tenth_of_its_steps():
    assert rates(20)[:3] == [0.5, 1.0, 1.0] and rates(1) == [1.0]


def test_minutes_that_end_before_the_epochs_set_the_pace():
    assert learning_rate(SETTINGS, 60, 1050, 1.0) == pytest.approx(0.1)
    assert learning_rate(SETTINGS, 60, 1050, 0.5) == pytest.approx(0.55)


def test_a_clock_that_is_hardly_ahead_changes_nothing():
    assert rates(100, time=0.0)[60:] == rates(100, time=0.04)[60:]


@pytest.mark.parametrize(("scores", "least_gain", "over"), [
    ([0.3, 0.1], 0, False),  # no two epochs since the first
    ([0.1, 0.3, 0.3], 0, False),
    ([0.1, 0.3, 0.3, 0.2], 0, True),
    ([0.3, 0.3001, 0.3002], 0, False),
    ([0.3, 0.3001, 0.3002], 0.01, True),
    ([0.3, 0.302, 0.304], 0.01, False),  # together more than a hundredth
    ([0.0, 0.0, 0.0], 0.01, True),
    ([None, None, None, None], 0.01, False),
])
def test_training_stalls_once_as_many_epochs_as_its_patience_gain_too_little(scores, least_gain, over):
    assert stalled(scores, 2, least_gain) == over


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.integers(1, 4))
def test_with_any_gain_enough_training_stalls_as_long_after_its_best_epoch_as_its_patience(scores, patience):
    assert stalled(scores, patience, 0.0) == (len(scores) - 1 - scores.index(max(scores)) >= patience)
