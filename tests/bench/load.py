"""A whole night on simulated logs of growing size: seconds, memory, and what was shuffled and spilled, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path

import numpy as np
from pyspark.sql import SparkSession

from recsys.lake import Lake
from recsys.meter import metered
from recsys.night import Night
from recsys.settings import load_settings
from recsys.tables import EVENTS
from tests.bench.row import Aim, Figure, Row
from tests.bench.spark import session

_DS = date(2017, 12, 30)
_STAGES = (
    "simulate_events", "ingest_events", "ingest_products", "build_user_features", "correlate_attributes", "fit_normalizer", "segment_users",
    "build_sequences", "train_model", "push_products", "evaluate_models", "write_report",
)
_AS_LONG_AS_IT_MAY = "train_model"  # its minutes are a setting; what it leaves is a model to push with
_TRAINING = ["training.epochs=1", "training.minutes=0.1"]
_WARM_UP = 20_000  # events of the night that is not counted
_EVERY = 0.2  # seconds between two looks at memory
_ALL_REMEMBERED = {"spark.ui.retainedStages": "10000"}  # of Spark's stages in one of ours, whose bytes are added up


@dataclass(frozen=True)
class Spent:
    """What a stage took; bytes are those of all tasks together."""

    seconds: float
    peak_bytes: int
    shuffled_bytes: int
    spilled_bytes: int


@dataclass(frozen=True)
class Size:
    events: tuple[int, ...]
    stages: tuple[str, ...] = _STAGES


SIZES = {
    "full": Size((40_000, 120_000, 360_000)), "large": Size((360_000, 1_080_000, 3_240_000)), "huge": Size((1_000_000, 3_000_000, 10_000_000)),
    "small": Size((2_000, 4_000), _STAGES[:2]),
}


def rows(size: Size, folder: Path) -> Iterator[Row]:
    with session("bench_load", **_ALL_REMEMBERED) as spark:
        _spent(_night(spark, min(_WARM_UP, size.events[0]), folder / "warm_up"), size.stages)
        nights = [_night(spark, events, folder / str(events)) for events in size.events]
        found = [_spent(night, size.stages) for night in nights]
        counts = [night.lake.read(EVENTS).count() for night in nights]
    for stage in size.stages:
        if stage != _AS_LONG_AS_IT_MAY:
            yield _row(stage, counts, [spent[stage] for spent in found])


def _row(stage: str, counts: list[int], spent: list[Spent]) -> Row:
    exponent = float(np.polyfit(np.log(counts), np.log([each.seconds for each in spent]), 1)[0])
    last = spent[-1]
    told = (
        f"{stage}: {', '.join(f'{each.seconds:.1f}' for each in spent)} s for {', '.join(f'{count:,}' for count in counts)} events; of the last "
        f"{last.peak_bytes / 1e9:.1f} GB held by all processes, {last.shuffled_bytes / 1e6:,.0f} MB shuffled, {last.spilled_bytes / 1e6:,.0f} MB spilled; exponent"
    )
    return Row(told, Figure((exponent,), ""), aim=Aim(most=1.1, unit=""))


def _night(spark: SparkSession, events: int, folder: Path) -> Night:
    places = [f"lake={folder}/lake", f"models={folder}/models", f"report_path={folder}/report.html", f"simulation.path={folder}/shop"]
    log = [f"source_path={folder}/shop/log", f"products_path={folder}/shop/products", f"simulation.events={events}"]
    settings = load_settings("conf/simulated.yaml", [*places, *log, *_TRAINING])
    return Night(Lake(spark, settings.lake), settings, _DS, _DS)


def _spent(night: Night, stages: tuple[str, ...]) -> dict[str, Spent]:
    """What each stage of the night took."""
    found = {}
    for name in stages:
        newest = max((number for number, *_ in _spark_stages(night.lake.spark, -1)), default=-1)
        with metered(_EVERY) as meter:
            import_module(f"jobs.{name}").STAGE.run(night)
        moved = [bytes_moved for _, *bytes_moved in _spark_stages(night.lake.spark, newest)]
        shuffled, spilled = (sum(each) for each in zip(*moved)) if moved else (0, 0)
        found[name] = Spent(meter.seconds, meter.peak_bytes, shuffled, spilled)
    return found


def _spark_stages(spark: SparkSession, after: int) -> Iterator[tuple[int, int, int]]:
    """The number of each stage of Spark after `after`, latest first, and the bytes that it shuffled and spilled to disk."""
    store = spark._jsc.sc().statusStore()
    stages = store.stageList(None, False, False, getattr(store, "stageList$default$4")(), getattr(store, "stageList$default$5")())
    for place in range(stages.size()):
        stage = stages.apply(place)
        if stage.stageId() <= after:
            return
        yield stage.stageId(), stage.shuffleWriteBytes(), stage.diskBytesSpilled()
