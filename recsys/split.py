"""Where the past ends: the one place that says which events are trained on, validated on and tested on.

Every event up to `ds` gets a role. What a split may look at (its history) and what it is judged by (its
targets) follow from the roles alone:

    split        history of roles        targets of role
    train        train                   (inside the history)
    validation   train                   validation
    test         train, validation       test
    push         all                     (the future)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.settings import SplitSettings

TRAIN, VALIDATION, TEST, PUSH = "train", "validation", "test", "push"
_HISTORY_ROLES = {
    TRAIN: (TRAIN,),
    VALIDATION: (TRAIN,),
    TEST: (TRAIN, VALIDATION),
    PUSH: (TRAIN, VALIDATION, TEST),
}
BY_CHANCE = "by_chance"  # noted in the metadata of the column of roles, so that whoever gets the events knows


def with_role(events: DataFrame, settings: SplitSettings, ds: date) -> DataFrame:
    """The events up to and including `ds`, each with its role: train, validation or test.

    `time`: the last `test_days` days up to `ds` are test, the `validation_days` before them validation.
    `leave_one_out`: of every user the last event is test and the last but one validation; events of one
    moment are ordered by `event_id`, a hash, so that no method profits from the order of a file.
    `random`: every event by itself, as in P2; what comes later is then known when what came before is judged,
    so figures of it say little about tomorrow.
    """
    seen = events.where(F.col(c.DAY) <= F.lit(ds))
    if settings.kind == "time":
        return seen.withColumn(c.ROLE, _role_by_time(settings, ds))
    if settings.kind == "leave_one_out":
        return seen.withColumn(c.ROLE, _role_by_position())
    return seen.withColumn(c.ROLE, _role_by_chance(settings)).withMetadata(c.ROLE, {BY_CHANCE: True})


def history(events: DataFrame, split: str) -> DataFrame:
    """The events, from `with_role`, that `split` may look at."""
    return events.where(in_history(split))


def in_history(split: str) -> Column:
    """Whether an event, from `with_role`, is one that `split` may look at."""
    return F.col(c.ROLE).isin(*_HISTORY_ROLES[split])


def histories(events: DataFrame, splits: Sequence[str]) -> DataFrame:
    """The histories of several splits in one pass, told apart by the column `split`.

    An event that several splits may look at appears once for each of them.
    """
    looked_at = F.array(*[F.when(in_history(split), F.lit(split)) for split in splits])
    return events.withColumn(c.SPLIT, F.explode(F.array_compact(looked_at)))


def in_passes(events: DataFrame, splits: Sequence[str], make: Callable[[DataFrame, Sequence[str]], DataFrame]) -> DataFrame:
    """The rows that `make` makes of `events`, from `with_role`, for all `splits`, in as many passes as it takes to put them in order.

    By time and with leave-one-out the history of a split is the beginning of the next one's: what comes before an event
    is the same in all of them, so one pass does. By chance every history has gaps of its own, which hidden events must
    not fill: each gets its own pass, over itself alone.
    """
    if not events.schema[c.ROLE].metadata.get(BY_CHANCE):
        return make(events, splits)
    return reduce(DataFrame.unionByName, [make(history(events, split), (split,)) for split in splits])


def targets(events: DataFrame, split: str) -> DataFrame:
    """The events, from `with_role`, that validation or test lists are judged by."""
    return events.where(F.col(c.ROLE) == split)


def test_start(settings: SplitSettings, ds: date) -> date:
    """The first day of the test period of a time split."""
    return ds - timedelta(days=settings.test_days - 1)


def validation_start(settings: SplitSettings, ds: date) -> date:
    """The first day of the validation period of a time split; training ends the day before."""
    return test_start(settings, ds) - timedelta(days=settings.validation_days)


def history_end(settings: SplitSettings, split: str, ds: date) -> date:
    """The last day that the history of `split` may reach; but with a split by time that is `ds` for every split."""
    if settings.kind != "time" or split == PUSH:
        return ds
    return (test_start(settings, ds) if split == TEST else validation_start(settings, ds)) - timedelta(days=1)


def _role_by_time(settings: SplitSettings, ds: date) -> Column:
    return (
        F.when(F.col(c.DAY) >= F.lit(test_start(settings, ds)), TEST)
        .when(F.col(c.DAY) >= F.lit(validation_start(settings, ds)), VALIDATION)
        .otherwise(TRAIN)
    )


def _role_by_position() -> Column:
    latest_first = Window.partitionBy(c.USER).orderBy(F.col(c.TIME).desc(), F.col(c.EVENT_ID).desc())
    age = F.row_number().over(latest_first)
    return F.when(age == 1, TEST).when(age == 2, VALIDATION).otherwise(TRAIN)


def _role_by_chance(settings: SplitSettings) -> Column:
    draws = 1_000_000
    share = F.pmod(F.xxhash64(c.EVENT_ID, F.lit(settings.seed)), F.lit(draws)) / draws
    validation_end = settings.test_share + (1 - settings.test_share) * settings.validation_share
    return F.when(share < settings.test_share, TEST).when(share < validation_end, VALIDATION).otherwise(TRAIN)
