"""A row of `sequences` as numpy sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys import columns as c
from recsys.sequences.liked import TARGET_WIDTH

Batch = dict[str, np.ndarray]
OF_EVENTS = (c.ITEMS, c.BEHAVIOURS, c.GAPS, c.DAYS, c.VISITS)
OF_MEMORY = (c.MEMORY_ITEMS, c.MEMORY_COUNTS, c.MEMORY_DAYS)
ARRAYS = (*OF_EVENTS, *OF_MEMORY, c.ATTRIBUTES)  # these and the numbers are what a model is asked with
NUMBERS = (c.LENGTH, c.SEGMENT)
_MULTIPLE = 16  # of which the widths of trimmed batches are, so that few different ones occur


@dataclass(frozen=True)
class WindowShape:
    """The widths of the arrays in a row of `sequences`."""

    length: int
    memory: int
    attributes: int

    def columns(self) -> dict[str, tuple[type, tuple[int, ...]]]:
        """Every column that a training reads, with its type and the shape of one row of it."""
        events = dict.fromkeys(OF_EVENTS, (np.int32, (self.length,)))
        memory = {
            c.MEMORY_ITEMS: (np.int32, (self.memory,)),
            c.MEMORY_COUNTS: (np.float32, (self.memory,)),
            c.MEMORY_DAYS: (np.int32, (self.memory,)),
        }
        numbers = dict.fromkeys((*NUMBERS, c.QUERY_DAY), (np.int32, ()))
        user = {c.ATTRIBUTES: (np.float32, (self.attributes,)), c.TARGETS: (np.int32, (TARGET_WIDTH,))}
        return events | memory | numbers | user

    def padding(self, count: int) -> Batch:
        """`count` rows of zeros."""
        return {name: np.zeros((count, *shape), kind) for name, (kind, shape) in self.columns().items()}


def filled(rows: Batch) -> tuple[np.ndarray, np.ndarray]:
    """How many places of each row's window and of its memory are filled, int [rows] both; the rest, at the end, is padding."""
    return rows[c.LENGTH], np.count_nonzero(rows[c.MEMORY_ITEMS], axis=1)


def trimmed(batch: Batch) -> Batch:
    """`batch` without the places, at the ends of window and memory, that none of its rows fills."""
    windows, memories = (int(trimmed_width(places).max(initial=_MULTIPLE)) for places in filled(batch))
    widths = dict.fromkeys(OF_EVENTS, windows) | dict.fromkeys(OF_MEMORY, memories)
    return {name: np.ascontiguousarray(array[:, :widths[name]]) if name in widths else array for name, array in batch.items()}


def trimmed_width(places: np.ndarray) -> np.ndarray:
    """The width that so many filled places need: the next multiple of 16, at least 16."""
    return np.maximum(-(-places // _MULTIPLE), 1) * _MULTIPLE
