"""From one rank to two, one thread each: targets a second of the training as it is launched, starts left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pyspark.sql import SparkSession

from recsys.lake import DataFile
from recsys.models.conditions import ANY_BEHAVIOUR, LATER_VISIT
from recsys.settings import TrainingSettings
from recsys.training.launcher import train
from recsys.training.plan import Plan
from tests.bench.artifact import definition_of
from tests.bench.row import Aim, Figure, Row
from tests.bench.shop import SEGMENTS, Shop
from tests.bench.spark import THREADS, session

_FILES = 8
_MODEL = "bilstm_transformer"


@dataclass(frozen=True)
class Size:
    windows: int
    products: int
    epochs: int  # the first of each start is not counted: in it everything is compiled
    repeats: int


SIZES = {"full": Size(2_048, 5_000, 3, 3), "small": Size(64, 100, 2, 1)}


def rows(size: Size, folder: Path) -> Iterator[Row]:
    shop = Shop(size.products)
    files = shop.write(size.windows, folder / "windows", _FILES)
    found: dict[int, list[float]] = {1: [], THREADS: []}
    with session("bench_ranks") as spark:
        for repeat in range(size.repeats):
            for ranks, speeds in found.items():
                speeds.append(_targets_a_second(spark, _plan(size, shop, files, ranks, folder / f"{repeat}-{ranks}")))
    alone, together = (Figure(tuple(speeds), "targets/s") for speeds in found.values())
    what = f"{_MODEL}, {size.products:,} products, {THREADS} ranks of one thread each"
    yield Row(what, together, "one rank of one thread, launched alike", alone, Aim(least=0.9 * THREADS))


def _targets_a_second(spark: SparkSession, plan: Plan) -> float:
    """Of the steps of every epoch but the first, reading of windows and waiting for the other rank included."""
    epochs = train(spark, plan).history[1:]
    return sum(epoch["targets"] for epoch in epochs) / sum(epoch["seconds"] for epoch in epochs)


def _plan(size: Size, shop: Shop, files: tuple[DataFile, ...], ranks: int, checkpoint: Path) -> Plan:
    """A training without validation, so that nothing but steps lies between the epochs."""
    settings = TrainingSettings(ranks=ranks, threads_per_rank=1, epochs=size.epochs, patience=size.epochs + 1, retries=0)
    counts = np.concatenate([[0.0], 1e4 / np.arange(1, size.products + 1)])
    return Plan(
        definition_of(_MODEL), settings, shop.shape, counts, SEGMENTS, files, (), condition=LATER_VISIT, behaviour=ANY_BEHAVIOUR,
        checkpoint=str(checkpoint), fingerprint=json.dumps([ranks, size.windows]),
    )
