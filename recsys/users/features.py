"""Events to user attributes: one row per user and split, every attribute a double, never null.

What a user never did has no recency: it counts as the length of the log, one day more than the oldest
possible event, so that "never" is the far end of the scale and stays on it. The same holds for the gap
between visits of somebody who came on one day only. Returns enter the three attributes about returns and
nothing else; who did nothing but return has no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.settings import SplitSettings
from recsys.split import history_end, with_role
from recsys.users import attributes as a
from recsys.users.variety import variety
from recsys.users.visits import BASKETS, FIRST_DAY, IN_EVENING, IN_MORNING, LAST_DAY_OF, ON_WEEKEND, UNITS, VISIT_DAYS, visit_totals

KEY = [c.USER, c.SPLIT]
_AS_OF, _LOG_START, _LOG_DAYS = "as_of", "log_start", "log_days"


def user_features(
    events: DataFrame, products: DataFrame, settings: SplitSettings, ds: date, splits: Sequence[str], zone: str
) -> DataFrame:
    """The attributes of every user with a behaviour, not a return, in the history of a split.

    Args:
        events: as in the table `events`; days after `ds` are ignored.
        products: `item_id` and `category`, one row a product; products not listed share one category.
        splits: the splits to compute, each from its own history.
        zone: the time zone of the shop, whose clock says what is morning and evening.
    """
    seen = _known(events, settings, ds)
    log_start = events.where(F.col(c.DAY) <= F.lit(ds)).agg(F.min(c.DAY).alias(_LOG_START))
    facts = (
        visit_totals(seen, splits, zone)
        .join(variety(seen, products, splits), on=KEY, how="inner")
        .crossJoin(F.broadcast(log_start))
        .withColumn(_AS_OF, F.coalesce(*[_end_of(split, settings, ds) for split in splits]))
        .withColumn(_LOG_DAYS, F.datediff(_AS_OF, _LOG_START) + 1)
    )
    values = {**_counts(), **_recencies(), **_money(), **_diversity(), **_cadence(), **_habits()}
    return facts.select(*KEY, F.lit(ds).alias(c.DAY), *[values[name].cast("double").alias(name) for name in a.ATTRIBUTES])


def _known(events: DataFrame, settings: SplitSettings, ds: date) -> DataFrame:
    if settings.kind != "time":
        # A return may follow the very event that is to be guessed, and no date tells it from the past.
        events = events.where(F.col(c.BEHAVIOUR) != c.RETURN)
    return with_role(events, settings, ds)


def _end_of(split: str, settings: SplitSettings, ds: date) -> Column:
    return F.when(F.col(c.SPLIT) == split, F.lit(history_end(settings, split, ds)))


def _counts() -> dict[str, Column]:
    return {name: F.col(name) for name in a.COUNTS}


def _recencies() -> dict[str, Column]:
    return {
        a.recency_of(behaviour): F.coalesce(F.datediff(_AS_OF, F.col(LAST_DAY_OF[behaviour])), F.col(_LOG_DAYS))
        for behaviour in c.BEHAVIOUR_ORDER
    }


def _money() -> dict[str, Column]:
    spend, returned = F.col(a.SPEND), F.col(a.RETURNED_VALUE)
    return {
        a.SPEND: spend,
        a.MEAN_PRICE: _ratio(spend, F.col(UNITS)),
        a.MEAN_BASKET_VALUE: _ratio(spend, F.col(BASKETS)),
        a.RETURNED_VALUE: returned,
        a.RETURNED_SHARE: _ratio(returned, spend + returned),  # stays within 0..1 when the purchase precedes the log
    }


def _diversity() -> dict[str, Column]:
    return {name: F.col(name) for name in a.DIVERSITY}


def _cadence() -> dict[str, Column]:
    days = F.col(VISIT_DAYS)
    gaps = F.size(days) - 1
    gap = F.transform(F.slice(days, F.lit(2), gaps), lambda day, index: F.datediff(day, F.get(days, index)))
    total, squares = _sum(gap, lambda days: days), _sum(gap, lambda days: days * days)
    spread = F.sqrt(F.greatest(gaps * squares - total * total, F.lit(0)))
    return {
        a.N_VISITS: F.col(a.N_VISITS),
        a.MEAN_GAP: F.when(gaps > 0, total / gaps).otherwise(F.col(_LOG_DAYS)),
        a.GAP_DEVIATION: F.when(gaps > 0, spread / gaps).otherwise(0.0),
        a.TENURE: F.datediff(_AS_OF, FIRST_DAY),
    }


def _habits() -> dict[str, Column]:
    bought, repeated = F.col(a.count_of(c.PURCHASE)) + F.col(a.count_of(c.REPURCHASE)), F.col(a.count_of(c.REPURCHASE))
    acts = sum((F.col(a.count_of(behaviour)) for behaviour in c.BEHAVIOUR_ORDER), F.lit(0))
    return {
        a.REPURCHASE_SHARE: _ratio(repeated, bought),
        a.WEEKEND_SHARE: _ratio(F.col(ON_WEEKEND), acts),
        a.MORNING_SHARE: _ratio(F.col(IN_MORNING), acts),
        a.EVENING_SHARE: _ratio(F.col(IN_EVENING), acts),
    }


def _sum(numbers: Column, of) -> Column:
    return F.aggregate(numbers, F.lit(0).cast("bigint"), lambda total, number: total + of(number.cast("bigint")))


def _ratio(part: Column, whole: Column) -> Column:
    """`part / whole`, and 0 where there is nothing to divide by."""
    return F.when(whole > 0, part / whole).otherwise(0.0)
