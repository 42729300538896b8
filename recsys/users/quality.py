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
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.settings import SegmentSettings
from recsys.users.aggregate import read_arrays
from recsys.users.davies_bouldin import davies_bouldin, mean_pairwise, sampled_pairwise
from recsys.users.kmeans import Run
from recsys.users.lloyd import nearest

_LOT, _SPREAD = "lot", "spread"


class Quality(NamedTuple):
    """A row of the table `segment_quality`, without its day."""

    k: int
    seed: int
    inertia: float
    davies_bouldin: float  # P1 eq. (1) and (2)
    standard_error: float  # of it; 0 where every pair was measured
    davies_bouldin_centroid: float  # with mean distances from the centroid, to compare with other software
    chosen: bool


def qualities(points: DataFrame, runs: Sequence[Run], settings: SegmentSettings) -> list[Quality]:
    """The quality of every run, one for each k; the k of the least Davies-Bouldin index is chosen, of equal ones the smaller."""
    spreads = {(row[c.K], row[c.SEGMENT]): row for row in pairwise_spreads(points, runs, settings).collect()}
    found = [_quality(run, spreads) for run in runs]
    chosen = min(found, key=lambda quality: (quality.davies_bouldin, quality.k))
    return [quality._replace(chosen=quality is chosen) for quality in found]


def pairwise_spreads(points: DataFrame, runs: Sequence[Run], settings: SegmentSettings) -> DataFrame:
    """P1 eq. (2) of every cluster of every run: k, segment, spread, standard_error."""
    lots = points.select(F.xxhash64(c.USER, F.lit(settings.seed)).alias(_LOT), c.ATTRIBUTES)
    shares = _shares(runs, settings)
    members = lots.mapInArrow(
        _members(runs, shares), f"{c.K} int, {c.SEGMENT} int, {_LOT} bigint, {c.ATTRIBUTES} array<float>"
    )
    sizes = {run.k: run.size for run in runs}

    def measure(cluster: pd.DataFrame) -> pd.DataFrame:
        k, segment = int(cluster[c.K].iloc[0]), int(cluster[c.SEGMENT].iloc[0])
        inside = np.stack(cluster.sort_values(_LOT)[c.ATTRIBUTES].to_numpy()).astype(np.float64)
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


def _members(runs: Sequence[Run], shares: dict[int, np.ndarray]):
    width = runs[0].centroids.shape[1]

    def send(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            points = read_arrays(batch.column(1), width)
            lot = (batch.column(0).to_numpy(zero_copy_only=False) + 2.0**63) / 2.0**64  # uniform in 0..1
            for run in runs:
                segment, _ = nearest(points, run.centroids)
                rows = np.flatnonzero(lot <= shares[run.k][segment])
                columns = [
                    pa.array(np.full(len(rows), run.k, np.int32)), pa.array(segment[rows].astype(np.int32)),
                    batch.column(0).take(pa.array(rows)), batch.column(1).take(pa.array(rows)),
                ]
                yield pa.record_batch(columns, [c.K, c.SEGMENT, _LOT, c.ATTRIBUTES])

    return send


def _quality(run: Run, spreads: dict) -> Quality:
    held = np.flatnonzero(run.size)  # a cluster that stayed empty has neither spread nor distance
    centroids = run.centroids[held]
    spread = np.array([spreads[run.k, segment][_SPREAD] for segment in held])
    error = np.array([spreads[run.k, segment][c.STANDARD_ERROR] for segment in held])
    index, standard_error = davies_bouldin(centroids, spread, error)
    to_centroid, _ = davies_bouldin(centroids, run.spread[held], np.zeros(len(held)))
    return Quality(run.k, run.seed, run.inertia, index, standard_error, to_centroid, False)
