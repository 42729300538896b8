"""A very large catalogue: what a training and the lists for everybody hold in memory, and how long they take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recsys import columns as c
from recsys.benchmark.windows import write_files
from recsys.meter import Meter, metered
from recsys.models.conditions import ANY_BEHAVIOUR, LATER_VISIT
from recsys.pushes.scoring import top_items
from recsys.sequences.liked import TARGET_WIDTH
from recsys.sequences.shape import Batch
from recsys.settings import PushSettings, TrainingSettings
from recsys.training.checkpoint import best_weights
from recsys.training.launcher import train
from recsys.training.plan import Plan
from tests.bench.artifact import definition_of, save
from tests.bench.processes import in_a_process
from tests.bench.row import Aim, Figure, Row
from tests.bench.shop import SEGMENTS, Shop
from tests.bench.spark import THREADS, compute, session

_MODEL = "bilstm_transformer"
_PART = 5_000  # users whose windows are made at a time
_FILES = 2 * THREADS
_MOST = Aim(most=8, unit="GB")


@dataclass(frozen=True)
class Size:
    products: int
    users: int
    judged: int  # of them, by whom the model is validated
    steps: int  # of each rank


SIZES = {"full": Size(1_000_000, 100_000, 256, 300), "small": Size(2_000, 300, 20, 3)}


def rows(size: Size, folder: Path) -> Iterator[Row]:
    plan = in_a_process(_plan, size, folder)
    training, targets = in_a_process(_train, plan)
    scoring = in_a_process(_score, size, plan, folder)
    what = f"{_MODEL}, {size.products:,} products"
    yield Row(f"{what}: {size.steps} steps of {THREADS} ranks, with start, validation and end", Figure((targets / training.seconds,), "targets/s"))
    yield Row(f"{what}: memory of all processes, training", Figure((training.peak_bytes / 1e9,), "GB"), aim=_MOST)
    yield Row(f"{what}: lists of {size.users:,} users, {THREADS} threads", Figure((size.users / scoring.seconds,), "lists/s"))
    yield Row(f"{what}: memory of all processes, lists", Figure((scoring.peak_bytes / 1e9,), "GB"), aim=_MOST)


def _plan(size: Size, folder: Path) -> Plan:
    """Writes the windows of all users, those that are learned from and judged by, and the products' neighbours and likenesses."""
    shop, definition = Shop(size.products), definition_of(_MODEL)
    write_files(_users(shop, size.users), folder / "users", _FILES)
    settings = TrainingSettings(ranks=THREADS, threads_per_rank=1, epochs=1, retries=0)
    learned = shop.write(size.steps * THREADS * settings.batch_size, folder / "learned", _FILES)
    judged = shop.windows(size.judged)
    judged[c.TARGETS] = np.pad(judged[c.ITEMS][:, :1], ((0, 0), (0, TARGET_WIDTH - 1)))
    follows = shop.follows(definition.neighbours)
    near, alike = (
        write_files([{c.ITEM_INDEX: np.arange(size.products + 1, dtype=np.int32), c.ITEMS: counted.items, c.COUNTS: counted.counts}], folder / name, 1)
        for name, counted in (("neighbours", follows), ("likenesses", follows.alike))
    )
    return Plan(
        definition, settings, shop.shape, np.concatenate([[0.0], 1e6 / np.arange(1, size.products + 1)]), SEGMENTS,
        learned, write_files([judged], folder / "judged", _FILES), condition=LATER_VISIT, behaviour=ANY_BEHAVIOUR,
        checkpoint=str(folder / "checkpoint"), fingerprint="catalogue", neighbour_files=near, likeness_files=alike,
    )


def _users(shop: Shop, users: int) -> Iterator[Batch]:
    for part in range(0, users, _PART):
        count = min(_PART, users - part)
        yield {c.USER: np.char.add("u", np.arange(part, part + count).astype(str))} | replace(shop, seed=shop.seed + part).windows(count)


def _train(plan: Plan) -> tuple[Meter, float]:
    with session("bench_catalogue_training") as spark, metered() as meter:
        outcome = train(spark, plan)
    return meter, outcome.history[0]["targets"]


def _score(size: Size, plan: Plan, folder: Path) -> Meter:
    """The lists, with neighbours and likenesses as they are known by then: they reach the workers as on a night."""
    shop, push = Shop(size.products), PushSettings()
    model = save(plan.definition, shop, folder, best_weights(plan.checkpoint, plan.fingerprint, 0))
    follows = shop.follows(plan.definition.neighbours)
    with session("bench_catalogue_lists") as spark, metered() as meter:
        users = spark.read.parquet(str(folder / "users"))
        compute(top_items(users, model, push.n, behaviour=push.behaviour, neighbours=follows))
    return meter
