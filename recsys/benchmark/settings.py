"""How models are trained on plain sequence files; the same for every model that is compared."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from recsys.configuration import frozen
from recsys.settings import Count, SparkSettings, TrainingSettings


@frozen
class BenchmarkSettings:
    spark: SparkSettings = Field(default_factory=SparkSettings)
    training: TrainingSettings = Field(default_factory=TrainingSettings)
    targets: Count = 450  # of a step, on each rank, about: the fuller the windows, the fewer than training.batch_size make a batch
    length: Annotated[int, Field(ge=8)] = 128  # events in a window
    memory: Count = 128  # distinct older products remembered beside a window
    files: Count = 4  # that each rank reads
