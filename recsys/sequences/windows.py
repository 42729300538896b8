"""Windows over a user's timeline: fixed-length arrays of what the user did, one row a window."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.sequences.timeline import AGE, EPOCH_DAY, GAP, OWNER, VISITS_AFTER
from recsys.settings import SequenceSettings
from recsys.split import TRAIN

_EVENT, _GATHERED = "event", "gathered"


def windows(timeline: DataFrame, settings: SequenceSettings) -> DataFrame:
    """The windows of `length` events of each split and user, latest first; arrays are padded with 0 at the end.

    Window 0 holds the latest `length` events, window w those that end `w * stride` events earlier, until the
    first event is covered; with stride <= length none is missed between. Training has up to `max_windows` of
    them, the other splits window 0 alone. `visits` counts the baskets from 0 at the window's first event; `gaps`
    looks back beyond it.

    An event goes to the few windows it lies in, and each window gathers no more than `length` events, so that a
    user of a million events costs what a thousand users of a thousand events do.
    """
    event = F.struct(AGE, c.ITEM_INDEX, c.CODE, GAP, EPOCH_DAY, VISITS_AFTER)
    placed = timeline.select(*OWNER, F.explode(_windows_of(F.col(AGE), settings)).alias(c.WINDOW), event.alias(_EVENT))
    gathered = placed.groupBy(*OWNER, c.WINDOW).agg(F.sort_array(F.collect_list(_EVENT), asc=False).alias(_GATHERED))
    events = F.col(_GATHERED)
    first = events[0]
    adds_an_event = first[AGE] >= (F.col(c.WINDOW) - 1) * settings.stride + settings.length
    return gathered.where((F.col(c.WINDOW) == 0) | adds_an_event).select(
        *OWNER,
        c.WINDOW,
        F.size(events).alias(c.LENGTH),
        padded(events[c.ITEM_INDEX], settings.length).alias(c.ITEMS),
        padded(events[c.CODE], settings.length).alias(c.BEHAVIOURS),
        padded(events[GAP], settings.length).alias(c.GAPS),
        padded(events[EPOCH_DAY], settings.length).alias(c.DAYS),
        padded(F.transform(events[VISITS_AFTER], lambda after: first[VISITS_AFTER] - after), settings.length).alias(c.VISITS),
    )


def padded(values: Column, length: int, kind: str = "int") -> Column:
    """The array `values` as array<`kind`>, filled up with 0 to `length`."""
    # array_repeat of no times is an empty array, so a full row is left as it is.
    return F.concat(values, F.array_repeat(F.lit(0), F.lit(length) - F.size(values))).cast(f"array<{kind}>")


def last_window(settings: SequenceSettings) -> Column:
    """The number of the last window that a row's split may have."""
    return F.when(F.col(c.SPLIT) == TRAIN, settings.max_windows - 1).otherwise(0)


def _windows_of(age: Column, settings: SequenceSettings) -> Column:
    """The windows that an event lies in; null where none, which `explode` leaves out.

    Window w holds the ages from w * stride to w * stride + length - 1.
    """
    last = F.least(F.floor(age / settings.stride), last_window(settings))
    first = F.greatest(F.floor((age - settings.length) / settings.stride) + 1, F.lit(0))
    return F.when(first <= last, F.sequence(first.cast("int"), last.cast("int")))
