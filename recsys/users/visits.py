"""What a user did, visit by visit, summed up: counts, last days, money, days of visiting.

A visit is a basket; where a source has none, the events of one day. Every sum is one of whole numbers, so
that no figure depends on the order in which rows arrive.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.split import histories
from recsys.users import attributes as a

UNITS, BASKETS, FIRST_DAY, VISIT_DAYS = "units", "baskets", "first_day", "visit_days"
ON_WEEKEND, IN_MORNING, IN_EVENING = "on_weekend", "in_morning", "in_evening"
LAST_DAY_OF = {behaviour: f"last_{behaviour}" for behaviour in c.BEHAVIOUR_ORDER}
_VISIT = "visit"
_MONEY_UNIT = 10_000  # money is added up in ten-thousandths
_PIECE_UNIT = 1_000  # pieces in thousandths, as a source that weighs its goods sells fractions
_NOON, _EVENING = 12, 18  # hours
_WEEKEND = (1, 7)  # Sunday and Saturday in Spark's dayofweek
_SUMMED = (*a.COUNTS, a.SPEND, UNITS, a.RETURNED_VALUE, ON_WEEKEND, IN_MORNING, IN_EVENING)


def visit_totals(seen: DataFrame, splits: Sequence[str], zone: str) -> DataFrame:
    """One row per user and split with a behaviour in `seen`, from `with_role`; the days of visiting are a sorted array.

    That array is as long as the calendar at most, however many events a user has. Morning and evening are those of the
    time zone `zone`, as days are.
    """
    visits = histories(_visits_by_role(seen, zone), splits).groupBy(c.USER, c.SPLIT, _VISIT).agg(*_joined())
    visited, bought = F.col(FIRST_DAY).isNotNull(), F.col(UNITS) > 0
    return (
        visits.groupBy(c.USER, c.SPLIT)
        .agg(
            *_joined(),
            F.sort_array(F.collect_set(FIRST_DAY)).alias(VISIT_DAYS),
            F.count_if(visited).alias(a.N_VISITS),
            F.count_if(bought).alias(BASKETS),
        )
        .where(F.col(a.N_VISITS) > 0)
        .withColumns({
            a.SPEND: F.col(a.SPEND) / _MONEY_UNIT,
            a.RETURNED_VALUE: F.col(a.RETURNED_VALUE) / _MONEY_UNIT,
            UNITS: F.col(UNITS) / _PIECE_UNIT,
        })
    )


def _visits_by_role(seen: DataFrame, zone: str) -> DataFrame:
    """One row per user, visit and role: the one pass over events; a visit may straddle roles with leave-one-out.

    Its first day is empty where all that happened was a return.
    """
    is_return = F.col(c.BEHAVIOUR) == c.RETURN
    is_bought = F.col(c.BEHAVIOUR).isin(*c.BOUGHT)
    hour = F.hour(F.from_utc_timestamp(c.TIME, zone))
    visit = F.coalesce(F.col(c.BASKET), F.col(c.DAY).cast("string")).alias(_VISIT)
    return seen.groupBy(c.USER, visit, c.ROLE).agg(
        *[F.count_if(F.col(c.BEHAVIOUR) == name).alias(a.count_of(name)) for name in c.ALL_BEHAVIOURS],
        *[F.max(F.when(F.col(c.BEHAVIOUR) == name, F.col(c.DAY))).alias(last) for name, last in LAST_DAY_OF.items()],
        _sum_where(is_bought, _money()).alias(a.SPEND),
        _sum_where(is_bought, _pieces()).alias(UNITS),
        _sum_where(is_return, _money()).alias(a.RETURNED_VALUE),
        F.count_if(~is_return & F.dayofweek(c.DAY).isin(*_WEEKEND)).alias(ON_WEEKEND),
        F.count_if(~is_return & (hour < _NOON)).alias(IN_MORNING),
        F.count_if(~is_return & (hour >= _EVENING)).alias(IN_EVENING),
        F.min(F.when(~is_return, F.col(c.DAY))).alias(FIRST_DAY),
    )


def _joined() -> list[Column]:
    """The figures of several parts as those of the whole."""
    return [
        *[F.sum(name).alias(name) for name in _SUMMED],
        *[F.max(last).alias(last) for last in LAST_DAY_OF.values()],
        F.min(FIRST_DAY).alias(FIRST_DAY),
    ]


def _pieces() -> Column:
    return F.round(F.abs(F.coalesce(F.col(c.QUANTITY), F.lit(1.0))) * _PIECE_UNIT).cast("bigint")


def _money() -> Column:
    paid = F.coalesce(F.col(c.QUANTITY), F.lit(1.0)) * F.coalesce(F.col(c.PRICE), F.lit(0.0))
    return F.round(F.abs(paid) * _MONEY_UNIT).cast("bigint")


def _sum_where(condition: Column, amount: Column) -> Column:
    return F.sum(F.when(condition, amount).otherwise(0))
