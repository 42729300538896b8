"""All that a training rank needs to know, in one value that travels from the driver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.lake import DataFile
from recsys.models.definition import ModelDefinition
from recsys.sequences.shape import WindowShape
from recsys.settings import TrainingSettings


@dataclass(frozen=True)
class Plan:
    """What to train, on which files of one table version, and where to keep checkpoints.

    `counts` are the training events of every product by index (index 0 is padding); it grows with products only.
    `fingerprint` says what the training is made from; a checkpoint with another one is not resumed.
    """

    definition: ModelDefinition
    settings: TrainingSettings
    shape: WindowShape
    counts: np.ndarray
    segments: int
    train_files: tuple[DataFile, ...]
    validation_files: tuple[DataFile, ...]
    condition: int  # what validation, and later pushes, ask for
    behaviour: int
    checkpoint: str  # a folder that rank 0 and the driver both see
    fingerprint: str
    neighbour_files: tuple[DataFile, ...] = ()  # rows of `neighbours` of the training history; none: the follow path has nothing to say
    likeness_files: tuple[DataFile, ...] = ()  # rows of `likenesses` of it; none: the taste path has nothing to say
    lately: np.ndarray | None = None  # users who chose each product at the end of the training history, by index; None: nobody counted
    without_seen: bool = False  # validation ranks products that the user has not had yet

    @property
    def products(self) -> int:
        return len(self.counts) - 1


@dataclass(frozen=True)
class Outcome:
    """What a rank says when it is done."""

    rank: int
    rows_read: tuple[int, ...]  # real rows of each whole epoch that its last start took part in
    weights_digest: str  # of the weights it ended with; equal on all ranks, or the training was wrong
    history: tuple[dict[str, float | None], ...]  # one entry an epoch; its validation_ndcg is None without validation users
    best_epoch: int
