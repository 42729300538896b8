"""A row of `sequences` as numpy sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys import columns as c
from recsys.sequences.liked import TARGET_WIDTH

Batch = dict[str, np.ndarray]


@dataclass(frozen=True)
class WindowShape:
    """The widths of the arrays in a row of `sequences`."""

    length: int
    memory: int
    attributes: int

    def columns(self) -> dict[str, tuple[type, tuple[int, ...]]]:
        """Every column that is read, with its type and the shape of one row of it."""
        events = dict.fromkeys((c.ITEMS, c.BEHAVIOURS, c.GAPS, c.DAYS, c.VISITS), (np.int32, (self.length,)))
        memory = {
            c.MEMORY_ITEMS: (np.int32, (self.memory,)),
            c.MEMORY_COUNTS: (np.float32, (self.memory,)),
            c.MEMORY_DAYS: (np.int32, (self.memory,)),
        }
        numbers = dict.fromkeys((c.LENGTH, c.QUERY_DAY, c.SEGMENT), (np.int32, ()))
        user = {c.ATTRIBUTES: (np.float32, (self.attributes,)), c.TARGETS: (np.int32, (TARGET_WIDTH,))}
        return events | memory | numbers | user

    def padding(self, count: int) -> Batch:
        """`count` rows of zeros."""
        return {name: np.zeros((count, *shape), kind) for name, (kind, shape) in self.columns().items()}
