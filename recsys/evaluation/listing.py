"""Users beside their lists, from Arrow to numpy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from recsys import columns as c
from recsys.evaluation.metrics import NO_CATEGORY

DRAW = "draw"
_CHUNK = 2_000  # users whose replicates are held at once by a worker: 16 MB with 1000 replicates


@dataclass(frozen=True)
class Listing:
    """Some users beside their lists, as numpy."""

    draw: np.ndarray  # int64 [users], see `bootstrap.weights`
    segment: np.ndarray  # int [users]
    events: np.ndarray  # int [users], in the history
    targets: np.ndarray  # int [users]
    repeated: np.ndarray  # int [users], of the targets
    listed: np.ndarray  # int [users], the length of the list
    outcome: np.ndarray  # int [users, ranks], 0 beyond the list, as in the next two
    information: np.ndarray  # float [users, ranks]
    category: np.ndarray  # int [users, ranks]


def listings(batch: pa.RecordBatch, longest: int) -> Iterator[Listing]:
    """The rows of `batch`, some thousands at a time; lists are arrays by rank, at most `longest` of them."""
    for start in range(0, batch.num_rows, _CHUNK):
        rows = batch.slice(start, _CHUNK)
        numbers = {name: rows.column(name).to_numpy(zero_copy_only=False) for name in (DRAW, c.SEGMENT, c.EVENTS, c.TARGETS, c.REPEATED)}
        lengths = rows.column(c.OUTCOME).value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        kinds = {c.OUTCOME: (np.int32, 0), c.INFORMATION: (np.float64, 0.0), c.CATEGORY: (np.int32, NO_CATEGORY)}
        places = {name: _rectangle(rows.column(name), lengths, longest, *kind) for name, kind in kinds.items()}
        yield Listing(**numbers, listed=lengths, **places)


def _rectangle(lists: pa.Array, lengths: np.ndarray, width: int, kind: type, beyond: float) -> np.ndarray:
    """Lists of different lengths as [rows, width], filled up with `beyond`."""
    whole = np.full((len(lists), width), beyond, dtype=kind)
    whole[np.arange(width) < lengths[:, None]] = lists.flatten().to_numpy(zero_copy_only=False)
    return whole
