import numpy as np
import pytest

from recsys.benchmark.histories import Histories
from recsys.benchmark.protocol import LEAVE_ONE_OUT, split
from recsys.benchmark.settings import BenchmarkSettings
from recsys.benchmark.trial import Trial
from recsys.faults import BadData
from recsys.models.definition import ModelDefinition


@pytest.mark.parametrize(("history", "repeats"), [([1, 2, 3, 4], False), ([1, 2, 1, 4], True)])
def test_a_model_can_repeat_only_where_users_do(history, repeats):
    histories = Histories(np.array([0, 4]), np.array(history, np.int32), ("", *"abcd"), None)
    trial = Trial(split(histories, LEAVE_ONE_OUT), LEAVE_ONE_OUT, ModelDefinition(name="any", copy_path=True), BenchmarkSettings())
    assert trial.network.copy_path == repeats


def test_histories_too_short_to_learn_from_are_told(tmp_path):
    histories = Histories(np.array([0, 3, 6]), np.array([1, 2, 3, 2, 1, 3], np.int32), ("", *"abc"), None)
    trial = Trial(split(histories, LEAVE_ONE_OUT), LEAVE_ONE_OUT, ModelDefinition(name="any"), BenchmarkSettings())
    with pytest.raises(BadData, match="nothing to train on"):
        trial._plan(tmp_path)
