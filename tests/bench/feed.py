"""Windows from Parquet files into batches for TensorFlow: our feed against Petastorm's Spark converter and pyarrow alone."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from recsys.greetings import without_greetings
from recsys.lake import DataFile
from recsys.sequences.feed import WindowFeed
from recsys.sequences.shares import steps_per_epoch
from recsys.settings import TrainingSettings
from tests.bench.measure import in_turns
from tests.bench.row import Aim, Row, cpu_rate
from tests.bench.shop import Shop
from tests.bench.spark import session

_FILES = 8
_PRODUCTS = 5_000
_BATCH = TrainingSettings().batch_size
_OURS, _CONVERTER, _PYARROW = "WindowFeed", "Spark converter", "pyarrow"


@dataclass(frozen=True)
class Size:
    windows: int
    repeats: int


SIZES = {"full": Size(40_000, 4), "small": Size(500, 1)}


def rows(size: Size, folder: Path) -> Iterator[Row]:
    shop = Shop(_PRODUCTS)
    files = shop.write(size.windows, folder / "windows", _FILES)
    feed = WindowFeed(files, shop.shape, _BATCH, steps_per_epoch([files], _BATCH), seed=17)
    with session("bench_feed") as spark:
        converter = _converter(spark, folder, shop)
    found = in_turns({
        _OURS: lambda: _fed(feed),
        _CONVERTER: lambda: _converted(converter, size.windows),
        _PYARROW: lambda: [_arrays(file, shop) for file in files],
    }, size.repeats)
    speed = {name: cpu_rate(taken, size.windows, "rows") for name, taken in found.items()}
    what = f"{size.windows:,} windows of {shop.shape.length} events and {shop.shape.memory} remembered products, batches of {_BATCH}"
    yield Row(what, speed[_OURS], "Petastorm's Spark converter, make_tf_dataset", speed[_CONVERTER], Aim(least=5))
    yield Row(what, speed[_OURS], "bound: pyarrow to numpy alone, no batches", speed[_PYARROW])


def _fed(feed: WindowFeed) -> None:
    """All batches of an epoch as tensors, which the converter gives too."""
    import tensorflow as tf

    for batch in feed.epoch(0):
        for array in batch.values():
            tf.convert_to_tensor(array)


def _converter(spark: SparkSession, folder: Path, shop: Shop):
    """The converter with its copy of the windows already written; what that takes is not counted."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    with without_greetings():
        import tensorflow  # noqa: F401
    from petastorm.spark import SparkDatasetConverter, make_spark_converter

    spark.conf.set(SparkDatasetConverter.PARENT_CACHE_DIR_URL_CONF, (folder / "converted").as_uri())
    windows = spark.read.parquet(str(folder / "windows")).select(*shop.shape.columns())
    return make_spark_converter(windows.repartition(_FILES), compression_codec="snappy")


def _converted(converter, expected: int) -> None:
    with converter.make_tf_dataset(batch_size=_BATCH, num_epochs=1, workers_count=1) as batches:
        seen = sum(len(batch[0]) for batch in batches)
    assert seen == expected, f"the converter gave {seen} rows of {expected}"


def _arrays(file: DataFile, shop: Shop) -> dict[str, np.ndarray]:
    table = pq.read_table(urlsplit(file.url).path, columns=list(shop.shape.columns()))
    return {
        name: _values(table.column(name).combine_chunks()).reshape(-1, *row) for name, (_, row) in shop.shape.columns().items()
    }


def _values(column) -> np.ndarray:
    flat = column.flatten() if hasattr(column, "flatten") and hasattr(column, "offsets") else column
    return flat.to_numpy(zero_copy_only=False)
