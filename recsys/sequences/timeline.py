"""A user's events in order, each with what a sequence says about it."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.split import in_history, in_passes

OWNER = (c.SPLIT, c.USER)  # of a timeline: a user as one split may see them
AGE = "age"  # how many later events of the user the timeline holds; 0 is the latest
GAP = "gap"
EPOCH_DAY = "epoch_day"
VISITS_AFTER = "visits_after"
_EARLIER, _SAME_VISIT, _SEEN_BY = "earlier", "same_visit", "seen_by"

FIRST_EVENT, SAME_MOMENT, ONE_SECOND, LAST_BUCKET = 1, 2, 3, 31
_EPOCH = "1970-01-01"


def timeline(events: DataFrame, splits: Sequence[str], vocabulary: DataFrame) -> DataFrame:
    """For each split, one row for each event of its history whose product is in the vocabulary.

    A user's events are ordered by (event_time, event_id). `gap` is the time since the event before, and
    `visits_after` counts the changes of basket after an event, both within what the split may look at; events without a
    basket share one. `age` counts back from the latest event in the split, so windows that end there need no count of
    the whole.

    Args:
        events: from `with_role`; may hold events that no split sees.
    """
    return in_passes(events, splits, lambda some, of: _in_one_pass(some, of, vocabulary))


def _in_one_pass(events: DataFrame, splits: Sequence[str], vocabulary: DataFrame) -> DataFrame:
    """The timelines of `splits`, the history of each being the beginning of the next one's: sorted once, all but `age` is the same.

    `visits_after` also counts visits that only a later split sees; a model is told differences of it alone.
    """
    known = events.join(F.broadcast(vocabulary.select(c.ITEM, c.ITEM_INDEX)), on=c.ITEM, how="inner")
    latest_first = Window.partitionBy(c.USER).orderBy(F.col(c.TIME).desc(), F.col(c.EVENT_ID).desc())
    so_far = latest_first.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    # Latest first, the next row is the event before.
    beside_neighbours = known.select(
        c.USER, c.TIME, c.EVENT_ID, c.ITEM_INDEX, c.BEHAVIOUR, c.DAY, c.ROLE,
        F.unix_timestamp(F.lead(c.TIME).over(latest_first)).alias(_EARLIER),
        (F.lag(c.BASKET).over(latest_first).eqNullSafe(F.col(c.BASKET))).alias(_SAME_VISIT),
    )
    ages = [F.sum(in_history(split).cast("int")).over(so_far).cast("int") - 1 for split in splits]
    seen_by = [F.when(in_history(split), F.struct(F.lit(split), age)) for split, age in zip(splits, ages)]
    ordered = beside_neighbours.select(
        c.USER,
        c.ITEM_INDEX,
        behaviour_code(F.col(c.BEHAVIOUR)).alias(c.CODE),
        gap_bucket(F.unix_timestamp(c.TIME) - F.col(_EARLIER)).alias(GAP),
        epoch_day(F.col(c.DAY)).alias(EPOCH_DAY),
        F.sum((~F.col(_SAME_VISIT)).cast("int")).over(so_far).cast("int").alias(VISITS_AFTER),
        F.array_compact(F.array(*seen_by)).alias(_SEEN_BY),
    )
    return ordered.select(
        F.inline(_SEEN_BY).alias(c.SPLIT, AGE), c.USER, c.ITEM_INDEX, c.CODE, GAP, EPOCH_DAY, VISITS_AFTER
    )


def behaviour_code(behaviour: Column) -> Column:
    """1 for the weakest behaviour to 6 for the strongest; 0 is padding."""
    return F.array_position(F.array(*(F.lit(name) for name in c.BEHAVIOUR_ORDER)), behaviour).cast("int")


def epoch_day(day: Column) -> Column:
    """Days since 1970-01-01."""
    return F.datediff(day, F.lit(_EPOCH).cast("date"))


def gap_bucket(seconds: Column) -> Column:
    """The bucket of a time gap: a number from 1 to 31 that grows with the logarithm of the gap.

    1: there was no event before (null seconds). 2: none passed; every event of one basket with one time stamp.
    Then 3 + floor(log2 seconds): one second is 3, a minute 8, an hour 14, a day 19, a week 22, a month 24, a
    year 27, and 31 from eight and a half years on. 0 stays free for padding.
    """
    # Binary digits, since floor(log2) of a power of two is a matter of luck in floating point.
    doublings = F.length(F.bin(seconds)) - 1
    bucket = F.least(F.lit(ONE_SECOND) + doublings, F.lit(LAST_BUCKET))
    return F.when(seconds.isNull(), FIRST_EVENT).when(seconds <= 0, SAME_MOMENT).otherwise(bucket).cast("int")
