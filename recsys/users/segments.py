"""Users to segments: choose k on the training period, number its segments, assign every user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from recsys import columns as c
from recsys.faults import BadData
from recsys.settings import SegmentSettings
from recsys.tables import SEGMENTS
from recsys.users.aggregate import in_memory, read_arrays
from recsys.users.blocks import pack
from recsys.users.kmeans import Run, best_of_each_k, sweep
from recsys.users.lloyd import nearest
from recsys.users.quality import Quality, qualities
from recsys.users.starts import draw_samples, starts


class Segment(NamedTuple):
    """A row of the table `segment_centroids`, without its day."""

    segment: int  # from 0, the largest first
    centroid: list[float]
    size: int  # users of the training period


def fit_segments(points: DataFrame, width: int, settings: SegmentSettings) -> tuple[list[Segment], list[Quality]]:
    """The segments of the chosen k, and the quality of every k.

    Args:
        points: from `normalise`, the split train only; read once, and kept in memory meanwhile.
        width: how many attributes each has.

    Raises:
        BadData: there are fewer different users than `settings.k_min`.
    """
    seeds = range(settings.seed, settings.seed + settings.seeds)
    with in_memory(pack(points, width, seeds)) as blocks:
        return _fitted(blocks, width, seeds, settings)


def _fitted(blocks: DataFrame, width: int, seeds: Sequence[int], settings: SegmentSettings) -> tuple[list[Segment], list[Quality]]:
    samples = draw_samples(blocks, width, settings.k_max, seeds)
    distinct = min(len(sample) for sample in samples.values())
    if distinct < settings.k_min:
        raise BadData(
            f"The training period has {distinct} users with different attributes, but segments.k_min = {settings.k_min} "
            "segments are the least asked for. Give a longer log, or shorten split.test_days and split.validation_days."
        )
    ks = range(settings.k_min, min(settings.k_max, distinct) + 1)
    runs = best_of_each_k(sweep(blocks, starts(samples, ks), settings.max_iterations))
    found = qualities(blocks, runs, settings)
    return next(numbered(run) for run, quality in zip(runs, found) if quality.chosen), found


def numbered(run: Run) -> list[Segment]:
    """The segments of `run`, the largest first, of equally large ones in the order of their centroids."""
    clusters = [(int(size), centroid.tolist()) for size, centroid in zip(run.size, run.centroids) if size]
    clusters.sort(key=lambda cluster: (-cluster[0], cluster[1]))
    return [Segment(number, centroid, size) for number, (size, centroid) in enumerate(clusters)]


def assign(points: DataFrame, segments: list[Segment]) -> DataFrame:
    """Every user of `points`, from `normalise`, with the nearest segment and the distance from its centroid.

    Rows of the table `segment_centroids` serve as segments, in any order.
    """
    ordered = sorted(segments, key=lambda segment: segment.segment)
    centroids = np.array([segment.centroid for segment in ordered])

    def label(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            user, split, day, attributes = batch.columns
            segment, distance = nearest(read_arrays(attributes, centroids.shape[1]), centroids)
            columns = [user, pa.array(segment.astype(np.int32)), pa.array(distance), split, day]
            yield pa.record_batch(columns, list(SEGMENTS.columns))

    schema = ", ".join(f"{name} {kind}" for name, kind in SEGMENTS.columns.items())
    return points.select(c.USER, c.SPLIT, c.DAY, c.ATTRIBUTES).mapInArrow(label, schema)
