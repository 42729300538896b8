from types import SimpleNamespace

import numpy as np
import pytest

from recsys.lake import DataFile
from recsys.models.definition import ModelDefinition
from recsys.models.recommender import NOT_MOVED
from recsys.settings import TrainingSettings
from recsys.training import validation
from recsys.training.validation import Validation

BATCH, BATCHES = 4, 5


class Feed:
    """Five batches of four users; of the first twelve users the model finds what they want, of the rest never."""

    batch_size = BATCH
    files = (DataFile("file:///any", BATCH * BATCHES),)
    given = 0

    def epoch(self, number):
        for place in range(BATCHES):
            self.given += 1
            yield {"weight": np.ones(BATCH), "targets": np.full((BATCH, 1), 1 if place < 3 else 99)}


def two_ranks_alike(values, op):
    """The sums of two ranks that hold the same."""
    return 2 * values


@pytest.mark.parametrize("users, batches, expected", [(8, 1, 1.0), (9, 2, 1.0), (32, 4, 3 / 4), (10_000, 5, 3 / 5)])
def test_an_epoch_is_judged_by_no_more_users_than_are_asked_for(monkeypatch, users, batches, expected):
    monkeypatch.setattr(validation, "make_scorer", lambda *_, **__: lambda batch: np.tile(np.arange(1, 11), (1, BATCH, 1)))
    plan = SimpleNamespace(
        settings=TrainingSettings(validation_users=users), definition=ModelDefinition(name="any", copy_path=False, neighbours=0), lately=None, likeness_files=(),
        without_seen=False, condition=0, behaviour=0, products=5,
    )
    feed = Feed()
    ranks = SimpleNamespace(size=lambda: 2, Sum=None, allreduce=two_ranks_alike)
    judged = Validation(plan, SimpleNamespace(balance=[None] * 6), feed, ranks, lambda doing: None).judge()
    assert judged == (pytest.approx(expected), NOT_MOVED) and feed.given == batches
