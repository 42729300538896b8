"""The Spark session of a stage, and how a frame is computed without its rows going anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame, SparkSession

from recsys.session import build_session
from recsys.settings import SparkSettings

THREADS = 2


@contextmanager
def session(name: str, **conf: str) -> Iterator[SparkSession]:
    """As a night on this machine has it, with as many threads as everything here is given."""
    spark = build_session(name, SparkSettings(master=f"local[{THREADS}]", conf=conf))
    try:
        yield spark
    finally:
        spark.stop()


def compute(rows: DataFrame) -> None:
    rows.write.format("noop").mode("overwrite").save()
