"""Correlation, mean, deviation, minimum and maximum of all user attributes: one pass over a Delta table against MLlib."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.stat import Correlation, Summarizer
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from recsys.users.aggregate import in_memory
from recsys.users.attributes import ATTRIBUTES
from recsys.users.moments import Moments, moments
from tests.bench.measure import in_turns
from tests.bench.row import Aim, Row, rate
from tests.bench.spark import THREADS, session

_VECTOR = "vector"
_ONE_PASS, _MLLIB, _CACHED, _NUMPY = "one pass", "MLlib", "MLlib, cached", "numpy"


@dataclass(frozen=True)
class Size:
    users: int
    repeats: int


SIZES = {"full": Size(500_000, 4), "small": Size(5_000, 1)}


def rows(size: Size, folder: Path) -> Iterator[Row]:
    with session("bench_statistics") as spark:
        users = _table(spark, size.users, folder / "users")
        plain = users.toPandas().to_numpy()
        vectors = VectorAssembler(inputCols=list(ATTRIBUTES), outputCol=_VECTOR).transform(users).select(_VECTOR)
        from_table = in_turns({_ONE_PASS: lambda: moments(users, ATTRIBUTES), _MLLIB: lambda: _by_mllib(vectors)}, size.repeats)
        with in_memory(vectors):
            _same(moments(users, ATTRIBUTES), _by_mllib(vectors), Moments.of(plain))
            found = in_turns({
                _ONE_PASS: lambda: moments(users, ATTRIBUTES), _CACHED: lambda: _by_mllib(vectors), _NUMPY: lambda: Moments.of(plain),
            }, size.repeats)
    table, speed = ({name: rate(taken, size.users, "users") for name, taken in each.items()} for each in (from_table, found))
    what = f"statistics of {len(ATTRIBUTES)} attributes of {size.users:,} users, {THREADS} threads"
    yield Row(what, table[_ONE_PASS], "MLlib: Correlation and Summarizer, from the same table", table[_MLLIB], Aim(least=3))
    yield Row(f"{what}, from the table", speed[_ONE_PASS], "the same of MLlib, data cached before", speed[_CACHED])
    yield Row(what, speed[_ONE_PASS], "bound: numpy's Gram matrix and extremes, data in memory", speed[_NUMPY])


def _table(spark: SparkSession, users: int, path: Path) -> DataFrame:
    """A Delta table of log-normal attributes, of which neighbours share a part, so that some are correlated."""
    drawn = spark.range(users, numPartitions=2 * THREADS).select(*(F.randn(seed).alias(name) for seed, name in enumerate(ATTRIBUTES)))
    neighbours = zip(ATTRIBUTES, (*ATTRIBUTES[1:], ATTRIBUTES[0]))
    drawn.select(*(F.exp(F.col(name) + F.col(other)).alias(name) for name, other in neighbours)).write.format("delta").save(str(path))
    return spark.read.format("delta").load(str(path))


def _by_mllib(vectors: DataFrame) -> tuple[np.ndarray, ...]:
    """Correlation, mean, deviation, minimum and maximum, in two passes."""
    correlation = Correlation.corr(vectors, _VECTOR).first()[0].toArray()
    wanted = ("mean", "std", "min", "max")
    mean, deviation, minimum, maximum = vectors.select(Summarizer.metrics(*wanted).summary(F.col(_VECTOR)).alias("found")).first()["found"]
    return correlation, *(vector.toArray() for vector in (mean, deviation, minimum, maximum))


def _same(ours: Moments, theirs: tuple[np.ndarray, ...], plain: Moments) -> None:
    """Raises AssertionError where the three do not say the same: then there is nothing to compare."""
    for other in (theirs, _figures(plain)):
        for found, expected in zip(_figures(ours), other, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def _figures(found: Moments) -> tuple[np.ndarray, ...]:
    return found.correlation, found.mean, found.deviation, found.minimum, found.maximum
