"""The points of k-means in blocks of bytes: read from the table once, and from memory as often as anything passes over them.

With every point go its user's lots, a hash for each seed: by these starts and samples are drawn, the same whatever the partitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.users.aggregate import read_arrays

POINTS, LOTS = "points", "lots"


@dataclass(frozen=True)
class Block:
    """Some points with their lots."""

    points: np.ndarray  # float64 [points, attributes]
    lots: np.ndarray  # int64 [points, seeds]

    def __len__(self) -> int:
        return len(self.points)


def pack(points: DataFrame, width: int, seeds: Sequence[int]) -> DataFrame:
    """`points`, of `width` attributes each, as rows of bytes: one for each Arrow batch, so that a block goes to a worker as it is."""
    lots = [F.xxhash64(c.USER, F.lit(seed)).alias(f"{LOTS}_{seed}") for seed in seeds]

    def blocks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in filter(len, batches):
            attributes, *hashes = batch.columns
            drawn = np.column_stack([values.to_numpy(zero_copy_only=False) for values in hashes])
            columns = [read_arrays(attributes, width).astype(np.float32), drawn]
            yield pa.record_batch([pa.array([matrix.tobytes()], pa.binary()) for matrix in columns], [POINTS, LOTS])

    return points.select(c.ATTRIBUTES, *lots).mapInArrow(blocks, f"{POINTS} binary, {LOTS} binary")


def read_points(width: int) -> Callable[[pa.RecordBatch], Iterator[np.ndarray]]:
    """How the column `POINTS` of what `pack` has made is read."""

    def read(batch: pa.RecordBatch) -> Iterator[np.ndarray]:
        for block in batch.column(0):
            yield np.frombuffer(block.as_buffer(), np.float32).reshape(-1, width).astype(np.float64)

    return read


def read_blocks(width: int) -> Callable[[pa.RecordBatch], Iterator[Block]]:
    """How both columns of what `pack` has made are read."""
    points = read_points(width)

    def read(batch: pa.RecordBatch) -> Iterator[Block]:
        for matrix, lots in zip(points(batch), batch.column(1)):
            yield Block(matrix, np.frombuffer(lots.as_buffer(), np.int64).reshape(len(matrix), -1))

    return read
