import numpy as np
import pytest

from recsys.benchmark.histories import Histories
from recsys.benchmark.protocol import LEAVE_ONE_OUT, split
from recsys.benchmark.settings import BenchmarkSettings
from recsys.benchmark.trial import Trial
from recsys.faults import BadData
from recsys.models.definition import ModelDefinition
from recsys.settings import TrainingSettings


@pytest.mark.parametrize(("history", "repeats"), [([1, 2, 3, 4], False), ([1, 2, 1, 4], True)])
def test_a_model_can_repeat_only_where_users_do(history, repeats):
    histories = Histories(np.array([0, 4]), np.array(history, np.int32), ("", *"abcd"), None)
    trial = Trial(split(histories, LEAVE_ONE_OUT), LEAVE_ONE_OUT, ModelDefinition(name="any", copy_path=True), BenchmarkSettings())
    assert trial.network.copy_path == repeats and not trial.network.likenesses


@pytest.mark.parametrize(("length", "windows"), [(3, 64), (65, 7), (641, 7)])
def test_the_fuller_the_windows_the_fewer_make_a_batch(length, windows):
    histories = Histories(np.array([0, length + 2]), np.arange(1, length + 3, dtype=np.int32), ("", *map(str, range(length + 2))), None)
    settings = BenchmarkSettings(training=TrainingSettings(batch_size=64), targets=450, length=65)
    trial = Trial(split(histories, LEAVE_ONE_OUT), LEAVE_ONE_OUT, ModelDefinition(name="any"), settings)
    assert trial.training.batch_size == windows  # of 2 targets, and of 64


@pytest.mark.parametrize(("length", "memory"), [(10, 128), (400, 399 - 64), (4_000, 512)])
def test_where_nothing_is_repeated_validation_leaves_out_what_lies_before_the_window(length, memory):
    histories = Histories(np.array([0, length]), np.arange(1, length + 1, dtype=np.int32), ("", *map(str, range(length))), None)
    trial = Trial(split(histories, LEAVE_ONE_OUT), LEAVE_ONE_OUT, ModelDefinition(name="any"), BenchmarkSettings(length=64))
    assert trial.shape.memory == memory


def test_histories_too_short_to_learn_from_are_told(tmp_path):
    histories = Histories(np.array([0, 3, 6]), np.array([1, 2, 3, 2, 1, 3], np.int32), ("", *"abc"), None)
    trial = Trial(split(histories, LEAVE_ONE_OUT), LEAVE_ONE_OUT, ModelDefinition(name="any"), BenchmarkSettings())
    with pytest.raises(BadData, match="nothing to train on"):
        trial._plan(tmp_path)
