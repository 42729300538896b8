"""When users come: the day and the moment of a user's n-th visit, each without knowledge of the others."""

from __future__ import annotations

from datetime import datetime, timezone

from pyspark.sql import Column
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.simulation.plan import Plan
from recsys.simulation.segments import trait

_HOUR, _DAY = 3_600, 86_400
_MORNING, _NOON, _EVENING = 7 * _HOUR, 13 * _HOUR, 18 * _HOUR
_SPAN = 90 * 60  # within which a visit begins
_AT_NOON = 0.4  # share of visits where nothing keeps users from coming then


def visits_of(plan: Plan) -> Column:
    """The numbers of a user's visits, from 0; null for none. The last may lie behind the end (`day_of`)."""
    span = F.lit(plan.days) - F.col(c.FIRST_VISIT)
    count = F.ceil(span / trait(plan.kinds, "gap"))
    return F.when(count > 0, F.sequence(F.lit(0).cast("bigint"), count - 1))


def day_of(plan: Plan, visit: Column) -> Column:
    """The day of a visit, counted from 0. Visits are in order, since no one is later than the gap."""
    late = plan.lots.below(trait(plan.kinds, "jitter") + 1, "late", c.NUMBER, visit)
    return F.col(c.FIRST_VISIT) + visit * trait(plan.kinds, "gap") + late


def moment_of(plan: Plan, visit: Column) -> Column:
    """When a visit begins, in seconds since 1970.

    With planted correlations all visits are in the morning or in the evening, so that the one share is what
    the other leaves: the two attributes say the same.
    """
    lots, keys = plan.lots, (c.NUMBER, visit)
    hour = F.when(lots.happens(trait(plan.kinds, "mornings"), "morning", *keys), _MORNING).otherwise(_EVENING)
    if not plan.correlated:
        hour = F.when(lots.happens(_AT_NOON, "noon", *keys), _NOON).otherwise(hour)
    first = int(datetime.combine(plan.start, datetime.min.time(), timezone.utc).timestamp())
    return F.lit(first).cast("bigint") + day_of(plan, visit) * _DAY + hour + lots.below(_SPAN, "second", *keys)
