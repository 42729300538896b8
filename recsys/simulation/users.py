"""The users of a shop: one row each, with what stays the same about them."""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.simulation.lots import spread_evenly
from recsys.simulation.plan import TEMPOS, Plan, opening
from recsys.simulation.segments import ends

_GOLDEN, _ROOT_OF_2 = 0.6180339887498949, 0.41421356237309515


def users(spark: SparkSession, plan: Plan) -> DataFrame:
    """number, user_id, segment, cold, home (the first category of the user's taste), tempo, first_visit (a day from 0).

    Segments and cold users have their exact shares, whatever the number of users.
    """
    lots, number = plan.lots, c.NUMBER
    numbered = spark.range(0, plan.users, 1, plan.partitions).withColumnRenamed("id", number)
    cold = spread_evenly(number, _ROOT_OF_2) < plan.cold
    return numbered.withColumns({
        c.USER: F.concat(F.lit("u"), F.col(number).cast("string")),
        c.SEGMENT: _segment(spread_evenly(number, _GOLDEN), plan),
        c.COLD: cold,
        c.HOME: lots.below(plan.categories, "home", number),
        c.TEMPO: F.get(F.array(*map(F.lit, TEMPOS)), lots.below(len(TEMPOS), "tempo", number).cast("int")),
    }).withColumn(c.FIRST_VISIT, F.when(F.col(c.COLD), plan.cold_from + _opened(plan, plan.cold_from)).otherwise(_opened(plan, 0)))


def _segment(share: Column, plan: Plan) -> Column:
    passed = [F.when(share >= end, 1).otherwise(0) for end in ends(plan.kinds)[:-1]]
    return sum(passed, F.lit(0))


def _opened(plan: Plan, day: int) -> Column:
    """Days from `day` until the first visit."""
    openings = [opening(kind, plan.start + timedelta(days=day)) for kind in plan.kinds]
    earliest, spans = ([F.lit(value) for value in values] for values in zip(*[(days.start, len(days)) for days in openings]))
    span = F.get(F.array(*spans), F.col(c.SEGMENT))
    return F.get(F.array(*earliest), F.col(c.SEGMENT)) + plan.lots.below(span, "opening", c.NUMBER)
