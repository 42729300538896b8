from types import SimpleNamespace

import pytest

from recsys.faults import BadSettings
from recsys.settings import TrainingSettings
from recsys.training.checkpoint import Progress
from recsys.training.worker import _Rank


def after_step(loss, **settings):
    rank = object.__new__(_Rank)
    rank.plan, rank.progress = SimpleNamespace(settings=TrainingSettings(learning_rate=9.0, **settings)), Progress(epoch=1, step=4)
    rank._refuse_no_number(loss)


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_the_training_with_the_rate_to_lower(loss):
    after_step(12.5)
    with pytest.raises(BadSettings, match="in step 5 of epoch 2 the loss is (nan|inf). Lower training.learning_rate, which is 9"):
        after_step(loss)
    after_step(loss, precision="mixed_float16")  # its optimizer leaves such a step out
