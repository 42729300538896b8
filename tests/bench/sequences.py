"""Events into sequences by the job itself: whether time grows with the events, and what one very long history costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import build_sequences
from recsys import columns as c
from recsys.lake import Lake
from recsys.night import Night
from recsys.settings import Settings, SimulationSettings
from recsys.simulation.catalogue import item_id
from recsys.simulation.funnel import actions
from recsys.simulation.lines import lines
from recsys.simulation.plan import plan_of
from recsys.simulation.users import users
from recsys.split import TRAIN
from recsys.tables import EVENTS, NORMALIZER, SEGMENTS, USER_FEATURES
from recsys.users.attributes import ATTRIBUTES
from tests.bench.measure import in_turns
from tests.bench.row import Aim, Figure, Row, rate
from tests.bench.spark import THREADS, session

_DS = date(2024, 3, 1)
_SHARES = (1, 2, 4)  # quarters of the users
_LONG = "long"
_A_BASKET = 10  # events of the long history


@dataclass(frozen=True)
class Size:
    events: int  # simulated, at the most
    repeats: int


SIZES = {"full": Size(1_600_000, 2), "small": Size(20_000, 1)}


def rows(size: Size, folder: Path) -> Iterator[Row]:
    with session("bench_sequences") as spark:
        nights = _nights(spark, size, folder)
        counts = {name: night.lake.read(EVENTS).count() for name, night in nights.items()}
        works = {str(name): (lambda night=night: build_sequences.run(night)) for name, night in nights.items()}
        found = in_turns(works, size.repeats, warm_up=[works["1"]])
    speed = {name: rate(found[str(name)], counts[name], "events") for name in nights}
    what = f"events → vocabulary and sequences in Delta, {THREADS} threads"
    yield Row(f"{what}: {counts[4]:,} simulated events", speed[4], f"the same for {counts[1]:,} events", speed[1])
    sizes = np.log([counts[share] for share in _SHARES])
    exponents = [float(np.polyfit(sizes, np.log([found[str(share)][turn].wall for share in _SHARES]), 1)[0]) for turn in range(size.repeats)]
    yield Row("exponent with which the seconds grow, from a quarter of the users to all", Figure(tuple(exponents), ""), aim=Aim(most=1.1, unit=""))
    yield Row(
        f"{what}: {counts[_LONG]:,} events, of them {counts[_LONG] - counts[1]:,} of one user", speed[_LONG],
        f"{counts[2]:,} events of ordinary users", speed[2], Aim(least=1 / THREADS),  # one user can keep one thread busy
    )


def _nights(spark: SparkSession, size: Size, folder: Path) -> dict[int | str, Night]:
    """A lake for each share of the users, and one in which a user's events are as many as a quarter of all."""
    _write(_simulated(spark, size.events), folder / "all")
    everybody = spark.read.format("delta").load(str(folder / "all"))
    quarter = F.pmod(F.xxhash64(c.USER), F.lit(max(_SHARES)))
    shares = {share: everybody.where(quarter < share) for share in _SHARES}
    long = _long_history(spark, everybody, shares[1].count())
    return {
        name: _night(spark, events, folder / f"lake_{name}") for name, events in (shares | {_LONG: shares[1].unionByName(long)}).items()
    }


def _simulated(spark: SparkSession, events: int) -> DataFrame:
    """The events of the simulated shop as its intake would leave them, without planted dirt."""
    plan = plan_of(SimulationSettings(events=events), _DS)
    done = actions(lines(users(spark, plan), plan), plan)
    return _in_contract(done.withColumns({
        c.EVENT_ID: F.concat_ws("-", c.USER, c.VISIT, c.PLACE, c.BEHAVIOUR), c.ITEM: item_id(c.ITEM_NUMBER),
        c.TIME: F.timestamp_seconds(c.TIME),
    }))


def _long_history(spark: SparkSession, events: DataFrame, count: int) -> DataFrame:
    """One user's `count` events, evenly spread over the days of `events`, of all products alike."""
    start, end = events.select(F.unix_timestamp(F.min(c.TIME)), F.unix_timestamp(F.max(c.TIME))).first()
    number, some = F.col("id"), F.pmod(F.xxhash64("id"), F.lit(SimulationSettings().products))
    return _in_contract(spark.range(count, numPartitions=2 * THREADS).withColumn(c.ITEM_NUMBER, some).select(
        F.concat(F.lit("long-"), number).alias(c.EVENT_ID), F.lit("long").alias(c.USER),
        item_id(c.ITEM_NUMBER).alias(c.ITEM), F.lit(c.BROWSE).alias(c.BEHAVIOUR),
        F.timestamp_seconds(F.lit(start) + F.floor(number * F.lit(end - start) / count)).alias(c.TIME),
        F.floor(number / _A_BASKET).cast("string").alias(c.BASKET),
    ))


def _in_contract(events: DataFrame) -> DataFrame:
    """`events` with the columns of the table; what building sequences does not look at is null."""
    derived = {c.DAY: F.to_date(c.TIME)} | {name: F.lit(None) for name in EVENTS.columns if name not in (*events.columns, c.DAY)}
    return events.withColumns(derived).select(*(F.col(name).cast(kind) for name, kind in EVENTS.columns.items()))


def _night(spark: SparkSession, events: DataFrame, root: Path) -> Night:
    """A night that trains: its events, and beside them what the job also reads, as few rows as there may be."""
    lake, settings = Lake(spark, str(root)), Settings(source="simulated.yaml", sequences={"min_item_users": 2})
    _write(events, root / EVENTS.name)
    lake.replace_day(lake.frame([(0, ATTRIBUTES[0], "linear", 0.0, 1.0)], NORMALIZER, _DS), NORMALIZER, _DS)
    lake.replace_day(lake.frame([("nobody", 0, 0.0, TRAIN)], SEGMENTS, _DS), SEGMENTS, _DS)
    nobody = spark.createDataFrame([("nobody", TRAIN, _DS, 0.5)], f"{c.USER} string, {c.SPLIT} string, {c.DAY} date, {ATTRIBUTES[0]} double")
    lake.replace_day(nobody, USER_FEATURES, _DS)
    return Night(lake, settings, _DS, _DS)


def _write(events: DataFrame, path: Path) -> None:
    events.write.format("delta").save(str(path))
