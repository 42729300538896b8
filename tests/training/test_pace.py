import pytest

from recsys.settings import TrainingSettings
from recsys.training.pace import learning_rate

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
