"""k-means for every k and every start, with the Davies-Bouldin curve, against MLlib's KMeans, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from pyspark.ml.clustering import KMeans
from pyspark.ml.functions import array_to_vector
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.settings import SegmentSettings
from recsys.split import TRAIN
from recsys.users.aggregate import in_memory
from recsys.users.segments import fit_segments
from tests.bench.measure import in_turns
from tests.bench.row import Aim, Figure, Row, rate
from tests.bench.spark import THREADS, session

_ATTRIBUTES = 20
_KINDS = 6  # of users, which overlap
_WIDTH = 0.15  # of a kind, where every attribute spans 0 to 1
_MLLIB_TOLERANCE = 1e-4  # its default, and ours
_OURS, _MLLIB = "sweep", "MLlib KMeans"


@dataclass(frozen=True)
class Size:
    users: int
    settings: SegmentSettings
    repeats: int


SIZES = {
    "full": Size(150_000, SegmentSettings(max_iterations=20), 2),
    "small": Size(2_000, SegmentSettings(k_max=3, seeds=1, max_iterations=5), 1),
}


def rows(size: Size, folder: Path) -> Iterator[Row]:
    settings, inertia = size.settings, {}
    ks, seeds = range(settings.k_min, settings.k_max + 1), range(settings.seed, settings.seed + settings.seeds)
    with session("bench_kmeans") as spark:
        points = _table(spark, size.users, folder / "points")
        with in_memory(points.select(array_to_vector(c.ATTRIBUTES).alias("features"))) as vectors:
            def sweep() -> None:
                inertia[_OURS] = _sweep(points, settings)

            def mllib() -> None:
                inertia[_MLLIB] = {k: min(_cost(vectors, k, seed, settings) for seed in seeds) for k in ks}

            vectors.count()
            first: list[Callable] = [sweep, lambda: _cost(vectors, ks[0], seeds[0], settings)]
            found = in_turns({_OURS: sweep, _MLLIB: mllib}, size.repeats, warm_up=first)
    speed = {name: rate(taken, len(ks) * len(seeds), "runs") for name, taken in found.items()}
    what = (
        f"k = {ks[0]} to {ks[-1]}, {len(seeds)} starts each, {size.users:,} users × {_ATTRIBUTES} attributes, "
        f"{settings.max_iterations} iterations at most, {THREADS} threads"
    )
    yield Row(f"{what}; ours with the Davies-Bouldin curve", speed[_OURS], "MLlib KMeans, one after the other, data cached", speed[_MLLIB], Aim(least=10))
    worst = max(ks, key=lambda k: inertia[_OURS][k] / inertia[_MLLIB][k])
    ours, theirs = (Figure((inertia[name][worst],), "") for name in (_OURS, _MLLIB))
    yield Row(f"inertia of the best start, at the k that compares worst, {worst}", ours, "MLlib KMeans", theirs, Aim(most=1.01))


def _table(spark: SparkSession, users: int, path: Path) -> DataFrame:
    """Users of a few kinds, normalised as `users.normalizer.normalise` leaves them."""
    centres = np.random.default_rng(17).random((_KINDS, _ATTRIBUTES)).round(3)
    kind = F.floor(F.rand(17) * _KINDS).cast("int")
    drawn = spark.range(users, numPartitions=2 * THREADS).withColumn("kind", kind)

    def attribute(number: int):
        centre = F.get(F.array(*map(F.lit, centres[:, number].tolist())), F.col("kind"))
        return F.greatest(F.least(centre + _WIDTH * F.randn(number), F.lit(1.0)), F.lit(0.0))

    drawn.select(
        F.concat(F.lit("u"), "id").alias(c.USER), F.lit(TRAIN).alias(c.SPLIT), F.lit(date(2024, 3, 1)).alias(c.DAY),
        F.array(*map(attribute, range(_ATTRIBUTES))).cast("array<float>").alias(c.ATTRIBUTES),
    ).write.format("delta").save(str(path))
    return spark.read.format("delta").load(str(path))


def _sweep(points: DataFrame, settings: SegmentSettings) -> dict[int, float]:
    """The inertia of every k, by what jobs/segment_users.py does to find it."""
    _, quality = fit_segments(points, _ATTRIBUTES, settings)
    return {each.k: each.inertia for each in quality}


def _cost(vectors: DataFrame, k: int, seed: int, settings: SegmentSettings) -> float:
    fitted = KMeans(k=k, seed=seed, initMode="random", maxIter=settings.max_iterations, tol=_MLLIB_TOLERANCE).fit(vectors)
    return fitted.summary.trainingCost
