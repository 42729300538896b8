"""One pass over a frame, block by block with numpy, of which only small summaries reach the driver.

A summary is any picklable object with `merge(other)`. Every partition folds its blocks into one summary;
the driver folds those. Nothing in it grows with the rows.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from functools import reduce
from typing import Protocol, TypeVar

import numpy as np
import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame


class Summary(Protocol):
    def merge(self: S, other: S) -> S: ...


S = TypeVar("S", bound=Summary)
B = TypeVar("B", bound=Sized)


def aggregate(rows: DataFrame, read: Callable[[pa.RecordBatch], Iterable[B]], summarise: Callable[[B], S]) -> S | None:
    """The merged summary of all blocks of `rows`, or None where there is not one row.

    Args:
        read: the blocks of an Arrow batch, such as matrices [n, attributes].
        summarise: the summary of one block; called on the workers.
    """

    def fold(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        summaries = (summarise(block) for batch in batches for block in read(batch) if len(block))
        folded = reduce(_merge, summaries, None)
        if folded is not None:
            yield pa.record_batch([pa.array([pickle.dumps(folded)], pa.binary())], ["summary"])

    parts = rows.mapInArrow(fold, "summary binary").collect()
    return reduce(_merge, (pickle.loads(part["summary"]) for part in parts), None)


def _merge(left: S | None, right: S) -> S:
    return right if left is None else left.merge(right)


def read_columns(batch: pa.RecordBatch) -> list[np.ndarray]:
    """A batch of double columns as one matrix, in which a column lies together."""
    return [np.stack([column.to_numpy(zero_copy_only=False) for column in batch.columns]).T]


def read_arrays(arrays: pa.Array, width: int) -> np.ndarray:
    """A column of equally long arrays as a matrix of doubles."""
    return arrays.flatten().to_numpy(zero_copy_only=False).reshape(-1, width).astype(np.float64)


@contextmanager
def in_memory(rows: DataFrame) -> Iterator[DataFrame]:
    """Keep `rows` cached while the block runs. Serverless compute has no cache: there they are computed each time."""
    try:
        kept = rows.persist()
    except PySparkException as refusal:
        if "SERVERLESS" not in str(refusal):
            raise
        yield rows
        return
    try:
        yield kept
    finally:
        kept.unpersist()
