"""Top-N for every user: Spark's path to it against the bare model, and against Spark's own ALS; one user; memory."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.ml.recommendation import ALS
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.meter import metered
from recsys.pushes.alone import fresh_waits
from recsys.pushes.batches import fixed
from recsys.pushes.scoring import BATCH_SIZE, SPARE, Request, load, resident, top_items
from recsys.sequences.shape import ARRAYS, NUMBERS
from recsys.settings import EvaluationSettings, PushSettings
from tests.bench.artifact import definition_of, save_untrained
from tests.bench.measure import in_turns
from tests.bench.processes import in_a_process, process
from tests.bench.row import Aim, Figure, Row, rate
from tests.bench.shop import Shop
from tests.bench.spark import THREADS, compute, session

_FILES = 2 * THREADS
_HANDED_OVER = 10_000  # rows that Spark gives a Python worker at once, as it comes
_N = PushSettings().n
_BEHAVIOUR = PushSettings().behaviour
_RATED = 20  # products of a user in the table that ALS is fitted on
_FACTORS = EvaluationSettings().als_rank
_UDF, _BARE, _NO_ENCODER, _ALS = "Spark's path", "bare loop", "Spark's path without encoder", "ALS"


@dataclass(frozen=True)
class Size:
    users: int
    products: int
    repeats: int
    alone: int  # users who are asked for one by one
    memory_users: int  # and four times as many
    memory_repeats: int


SIZES = {"full": Size(10_000, 10_000, 4, 200, 20_000, 2), "small": Size(600, 500, 2, 10, 300, 1)}


def rows(size: Size, folder: Path) -> Iterator[Row]:
    shop = Shop(size.products)
    model = in_a_process(save_untrained, definition_of("bilstm_transformer"), shop, folder)
    shop.write(size.users, folder / "users", _FILES)
    yield from _lists(size, shop, model, folder)
    yield from _alone(size, shop, model)
    yield _memory(size, shop, model, folder)


def _lists(size: Size, shop: Shop, model: str, folder: Path) -> Iterator[Row]:
    """All users at once. The bare loops run in as many processes as Spark has workers, one thread each."""
    with ExitStack() as open_until_done:
        spark = open_until_done.enter_context(session("bench_scoring"))
        users = spark.read.parquet(str(folder / "users"))
        loops = [open_until_done.enter_context(process()) for _ in range(THREADS)]
        shares = np.array_split(np.arange(size.users), THREADS)
        for loop, share in zip(loops, shares):
            loop.submit(_prepare, model, shop, size.users, share).result()
        als = _als(spark, size)
        other = shutil.copytree(model, f"{model}_without_encoder")  # workers keep what they loaded by its path
        found = in_turns({
            _UDF: lambda: compute(top_items(users, model, _N, behaviour=_BEHAVIOUR)),
            _BARE: lambda: _all(loops),
            _ALS: lambda: compute(als.recommendForAllUsers(_N)),
        }, size.repeats)
        apart = in_turns({
            _NO_ENCODER: lambda: compute(top_items(users, other, _N, behaviour=_BEHAVIOUR, load=load_without_encoder)),
            _ALS: lambda: compute(als.recommendForAllUsers(_N)),
        }, size.repeats)
    lists = {name: rate(seconds, size.users, "lists") for name, seconds in found.items()}
    what = f"top {_N} of {size.products:,} products for {size.users:,} users, {THREADS} threads"
    yield Row(f"{what}: Spark's path", lists[_UDF], "bound: the model called in a bare loop", lists[_BARE], Aim(least=0.8))
    yield Row(f"{what}: with the encoder", lists[_UDF], f"Spark ALS recommendForAllUsers, {_FACTORS} factors", lists[_ALS])
    yield Row(
        f"{what}: the encoder's cost set apart", rate(apart[_NO_ENCODER], size.users, "lists"),
        f"Spark ALS recommendForAllUsers, {_FACTORS} factors", rate(apart[_ALS], size.users, "lists"), Aim(least=30),
    )


def load_without_encoder(path: str) -> Any:
    """The model, in which the vector of the last product stands for what the encoder makes of the whole history."""
    from keras import ops

    artifact = load(path)
    model = artifact.model
    model.encode_at = lambda batch, place: ops.take(model.table, ops.take_along_axis(batch[c.ITEMS], place, axis=1), axis=0)
    return artifact


def _als(spark: SparkSession, size: Size):
    """Factors of the same users and products. How well they are fitted does not change how long the lists take."""
    user, item, rating = "user", "item", "rating"
    rated = spark.range(size.users * _RATED, numPartitions=THREADS).select(
        (F.col("id") % size.users).cast("int").alias(user),
        F.when(F.col("id") < size.products, F.col("id")).otherwise(F.pmod(F.xxhash64("id"), F.lit(size.products))).cast("int").alias(item),
        F.lit(1.0).alias(rating),
    )
    return ALS(rank=_FACTORS, maxIter=1, implicitPrefs=True, seed=17, userCol=user, itemCol=item, ratingCol=rating).fit(rated)


_held: list[Callable[[], None]] = []  # of a process of the bare loop: what it repeats


def _prepare(model: str, shop: Shop, users: int, share: np.ndarray) -> None:
    artifact = resident(model, load)
    arrays = {name: values[share] for name, values in shop.windows(users).items()}
    batches = [{name: values[places] for name, values in arrays.items()} for places, _ in fixed(np.arange(len(share)), BATCH_SIZE)]
    wanted = min(_N + SPARE, shop.products)

    def loop() -> None:
        for batch in batches:
            artifact.top(batch, wanted, None, _BEHAVIOUR)

    _held.append(loop)


def _again() -> None:
    _held[0]()


def _all(loops: list[ProcessPoolExecutor]) -> None:
    for done in [loop.submit(_again) for loop in loops]:
        done.result()


def _alone(size: Size, shop: Shop, model: str) -> Iterator[Row]:
    """One user after the other in one process, the first, who waits for TensorFlow and the model, left out."""
    asked = shop.windows(size.alone + 1) | {c.USER: np.arange(size.alone + 1).astype(str)}
    users = [_record(asked, place) for place in range(size.alone + 1)]
    request = Request(_N, _BEHAVIOUR, batch_size=1)
    waits = [[1e3 * wait for wait in fresh_waits(model, load, users, request)[1:]] for _ in range(size.memory_repeats + 1)]
    percentiles = [quantiles(some, n=20, method="inclusive") for some in waits]
    yield Row(f"one user, warm, whole list of {size.products:,} products: median", Figure(tuple(at[9] for at in percentiles), "ms"))
    yield Row("one user, warm, whole list: 95th percentile", Figure(tuple(at[18] for at in percentiles), "ms"))
    encoder = in_a_process(_encoder_waits, model, shop, size.alone)
    yield Row("one user, warm, encoder alone: median", Figure((quantiles(encoder, n=2)[0],), "ms"), aim=Aim(most=9.99, unit="ms"))


def _record(batch: dict[str, np.ndarray], place: int) -> pa.RecordBatch:
    """One user as Spark hands them over."""
    return pa.RecordBatch.from_pydict({name: [batch[name][place]] for name in (c.USER, *ARRAYS, *NUMBERS)})


def _encoder_waits(model: str, shop: Shop, users: int) -> list[float]:
    """Milliseconds from each user's window to its state, after some that are not counted."""
    from recsys.models.compiled import compiled

    recommender = resident(model, load).model
    encode, batch, waits = compiled(recommender.encode_at), shop.windows(users + 5), []
    for place in range(users + 5):
        one = {name: values[place:place + 1] for name, values in batch.items()}
        started = time.perf_counter()
        np.asarray(encode(one, one[c.LENGTH][:, None] - 1))
        waits.append(1e3 * (time.perf_counter() - started))
    return waits[5:]


def _memory(size: Size, shop: Shop, model: str, folder: Path) -> Row:
    """Most resident memory of driver, JVM and workers while all users are scored; each run in new processes.

    More users are more files, each of as many rows as Spark hands over at once.
    """
    peaks: dict[int, list[float]] = {size.memory_users: [], 4 * size.memory_users: []}
    for users in peaks:
        shop.write(users, folder / f"memory-{users}", -(-users // _HANDED_OVER))
    for _ in range(size.memory_repeats):
        for users, found in peaks.items():
            found.append(in_a_process(_peak, model, str(folder / f"memory-{users}")))
    few, many = (Figure(tuple(found), "GB") for found in peaks.values())
    return Row(
        f"memory of all processes, {4 * size.memory_users:,} users", many, f"the same for {size.memory_users:,} users", few, Aim(most=1.1),
    )


def _peak(model: str, users: str) -> float:
    # A heap grows to what it may have whatever it is asked for: here it is that large from the start.
    heap = {"spark.driver.memory": "1g", "spark.driver.extraJavaOptions": "-Xms1g -XX:+AlwaysPreTouch"}
    with session("bench_memory", **heap) as spark, metered(every=0.2) as meter:
        compute(top_items(spark.read.parquet(users), model, _N, behaviour=_BEHAVIOUR))
    return meter.peak_bytes / 1e9
