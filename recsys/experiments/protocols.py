"""Cuts that depend on the log itself."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.faults import BadData

TRAINING_SHARE = 0.6  # P1, section on its experiment: 6:4
_BEFORE = "before"


def test_days_for(events: DataFrame, ds: date, share: float = TRAINING_SHARE) -> int:
    """How many of the last days up to `ds` must be test days for `share` of the events, or just more, to lie before them.

    Raises:
        BadData: all events lie on one day.
    """
    by_day = events.where((F.col(c.DAY) <= F.lit(ds)) & (F.col(c.BEHAVIOUR) != c.RETURN)).groupBy(c.DAY).agg(F.count("*").alias(c.EVENTS))
    before = F.sum(c.EVENTS).over(Window.orderBy(c.DAY).rowsBetween(Window.unboundedPreceding, -1))
    total = F.sum(c.EVENTS).over(Window.partitionBy())
    cut = by_day.select(c.DAY, (before / total).alias(_BEFORE)).where(F.col(_BEFORE) >= share).agg(F.min(c.DAY)).first()[0]
    if cut is None:
        raise BadData(f"The events up to {ds} cannot be cut into {share:.0%} before and the rest after: too many lie on the last day.")
    return (ds - cut).days + 1
