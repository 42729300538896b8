import numpy as np
import pytest

from recsys.benchmark.histories import Histories
from recsys.benchmark.protocol import LEAVE_ONE_OUT, split
from recsys.benchmark.settings import BenchmarkSettings
from recsys.benchmark.trial import Trial
from recsys.models.definition import ModelDefinition


@pytest.mark.parametrize(("history", "repeats"), [([1, 2, 3, 4], False), ([1, 2, 1, 4], True)])
def test_a_model_can_repeat_only_where_users_do(history, repeats):
    histories = Histories(np.array([0, 4]), np.array(history, np.int32), ("", *"abcd"), None)
    trial = Trial(split(histories, LEAVE_ONE_OUT), LEAVE_ONE_OUT, ModelDefinition(name="any", copy_path=True), BenchmarkSettings())
    assert trial.network.copy_path == repeats
