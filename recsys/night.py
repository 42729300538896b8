"""What a stage is handed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from recsys.lake import Lake
from recsys.settings import Settings


@dataclass(frozen=True)
class Night:
    """Where a stage reads and writes, its settings, and the day it works for.

    `model_ds` is the day on which everything fitted (vocabulary, normaliser, segments, model) was fitted.
    It is `ds` itself on a night that trains, an earlier day on a night that only pushes.
    """

    lake: Lake
    settings: Settings
    ds: date
    model_ds: date
    anew: bool = False  # nothing is left out because it was done before

    @property
    def trains(self) -> bool:
        return self.model_ds == self.ds
