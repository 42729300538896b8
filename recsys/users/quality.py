"""How good every k of a sweep is: mean pairwise distances from one pass over the points, then the index.

Small clusters send all their points to one worker, large ones a sample of fixed size, chosen by a hash of the
user; so no worker ever holds more than a few times `sampled_pairs` points, however many users there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame

from recsys import columns as c
from recsys.settings import SegmentSettings
from recsys.users.blocks import LOTS, POINTS, read_blocks
from recsys.users.davies_bouldin import davies_bouldin, mean_pairwise, sampled_pairwise
from recsys.users.kmeans import Run
from recsys.users.lloyd import labels

_SPREAD = "spread"


class Quality(NamedTuple):
    """A row of the table `segment_quality`, without its day."""

    k: int
    seed: int
    inertia: float
    davies_bouldin: float  # P1 eq. (1) and (2)
    standard_error: float  # of it; 0 where every pair was measured
    davies_bouldin_centroid: float  # with mean distances from the centroid, to compare with other software
    chosen: bool


def qualities(blocks: DataFrame, runs: Sequence[Run], settings: SegmentSettings) -> list[Quality]:
    """The quality of every run, one for each k; the k of the least Davies-Bouldin index is chosen, of equal ones the smaller."""
    spreads = {(row[c.K], row[c.SEGMENT]): row for row in pairwise_spreads(blocks, runs, settings).collect()}
    found = [_quality(run, spreads) for run in runs]
    chosen = min(found, key=lambda quality: (quality.davies_bouldin, quality.k))
    return [quality._replace(chosen=quality is chosen) for quality in found]


def pairwise_spreads(blocks: DataFrame, runs: Sequence[Run], settings: SegmentSettings) -> DataFrame:
    """P1 eq. (2) of every cluster of every run: k, segment, spread, standard_error. `blocks` are from `pack`; samples go by their first lots."""
    shares, width = _shares(runs, settings), runs[0].centroids.shape[1]
    members = blocks.mapInArrow(_members(runs, shares, width), f"{c.K} int, {c.SEGMENT} int, {LOTS} binary, {POINTS} binary")
    sizes = {run.k: run.size for run in runs}

    def measure(pieces: pd.DataFrame) -> pd.DataFrame:
        k, segment = int(pieces[c.K].iloc[0]), int(pieces[c.SEGMENT].iloc[0])
        lot = np.frombuffer(b"".join(pieces[LOTS]), np.float64)
        inside = np.frombuffer(b"".join(pieces[POINTS]), np.float32).reshape(-1, width)[lot.argsort(kind="stable")].astype(np.float64)
        if sizes[k][segment] < settings.exact_pairs_below:
            spread, error = mean_pairwise(inside), 0.0
        else:
            whole, seed = shares[k][segment] == 1.0, [settings.seed, k, segment]
            spread, error = sampled_pairwise(inside, settings.sampled_pairs, whole, seed)
        return pd.DataFrame({c.K: [k], c.SEGMENT: [segment], _SPREAD: [spread], c.STANDARD_ERROR: [error]})

    schema = f"{c.K} int, {c.SEGMENT} int, {_SPREAD} double, {c.STANDARD_ERROR} double"
    return members.groupBy(c.K, c.SEGMENT).applyInPandas(measure, schema)


def _shares(runs: Sequence[Run], settings: SegmentSettings) -> dict[int, np.ndarray]:
    """For every k, the share of each cluster's points that is sent on: all, or twice `sampled_pairs` points."""
    wanted = max(2 * settings.sampled_pairs, settings.exact_pairs_below)
    return {run.k: np.minimum(wanted / np.maximum(run.size, 1), 1.0) for run in runs}


def _members(runs: Sequence[Run], shares: dict[int, np.ndarray], width: int):
    """What a worker sends on of its points: of each cluster one row of bytes for each of its blocks, and not one for each point."""
    most, read = max(share.max() for share in shares.values()), read_blocks(width)

    def send(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for block in (block for batch in batches for block in read(batch)):
            lot = (block.lots[:, 0] + 2.0**63) / 2.0**64  # uniform in 0..1
            drawn = lot <= most
            points, lot = block.points[drawn], lot[drawn]
            found = [(run.k, *piece) for run in runs for piece in _pieces(points, lot, run.centroids, shares[run.k])]
            columns = zip([pa.int32(), pa.int32(), pa.binary(), pa.binary()], zip(*found))
            if found:
                yield pa.record_batch([pa.array(values, kind) for kind, values in columns], [c.K, c.SEGMENT, LOTS, POINTS])

    return send


def _pieces(points: np.ndarray, lot: np.ndarray, centroids: np.ndarray, shares: np.ndarray) -> Iterator[tuple[int, bytes, bytes]]:
    """Of each cluster that any of `points` are sent on of: its number, their lots, and they themselves."""
    segment = labels(points, centroids)
    sent = lot <= shares[segment]
    for number in np.unique(segment[sent]):
        rows = sent & (segment == number)
        yield int(number), lot[rows].tobytes(), points[rows].astype(np.float32).tobytes()


def _quality(run: Run, spreads: dict) -> Quality:
    held = np.flatnonzero(run.size)  # a cluster that stayed empty has neither spread nor distance
    centroids = run.centroids[held]
    spread = np.array([spreads[run.k, segment][_SPREAD] for segment in held])
    error = np.array([spreads[run.k, segment][c.STANDARD_ERROR] for segment in held])
    index, standard_error = davies_bouldin(centroids, spread, error)
    to_centroid, _ = davies_bouldin(centroids, run.spread[held], np.zeros(len(held)))
    return Quality(run.k, run.seed, run.inertia, index, standard_error, to_centroid, False)
