"""What users look at: one row for each product of each visit, discovered or bought again."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.simulation.catalogue import cycle
from recsys.simulation.choices import by_taste, staple
from recsys.simulation.plan import Plan
from recsys.simulation.segments import trait
from recsys.simulation.visits import day_of, visits_of

_WHO = (c.NUMBER, c.USER, c.SEGMENT, c.FIRST_VISIT)
_CHAIN = 2  # discoveries of which the later ones may follow from the first; mostly they fall into one visit
_FOLLOW = 0.7  # share of those that do
_SLOT, _EVERY, _PHASE, _START = "slot", "every", "phase", "start"


def lines(users: DataFrame, plan: Plan) -> DataFrame:
    """number, user_id, segment, first_visit, visit, place (within the visit), item_number, first_time.

    `first_time` is true or false for the first and for later purchases of a staple, and null for a discovery.
    """
    return discoveries(users, plan).unionByName(repeats(users, plan)).where(day_of(plan, F.col(c.VISIT)) < plan.days)


def discoveries(users: DataFrame, plan: Plan) -> DataFrame:
    """Products come upon by taste; a user's discoveries are numbered through all visits and spread evenly over them."""
    visited = users.select(*_WHO, c.HOME, F.explode(visits_of(plan)).alias(c.VISIT))
    begin, end = (_discovered_before(plan, visit) for visit in (F.col(c.VISIT), F.col(c.VISIT) + 1))
    looked = visited.select(
        *_WHO, c.HOME, c.VISIT, begin.alias(_START), F.explode(F.when(end > begin, F.sequence(begin, end - 1))).alias(c.LINE)
    )
    position = F.pmod(F.col(c.LINE), F.lit(_CHAIN))
    steps = F.when(plan.lots.happens(_FOLLOW, "follows", c.NUMBER, c.LINE), position).otherwise(0)
    item = by_taste(plan, day_of(plan, F.col(c.VISIT)), F.col(c.LINE) - steps, steps)
    return looked.select(
        *_WHO, c.VISIT, (F.col(c.LINE) - F.col(_START) + plan.most_staples).alias(c.PLACE),
        item.alias(c.ITEM_NUMBER), F.lit(None).cast("boolean").alias(c.FIRST_TIME),
    )


def staples(users: DataFrame, plan: Plan) -> DataFrame:
    """One row for each product that a user buys again and again, with the days and visits from purchase to purchase."""
    count = F.floor(trait(plan.kinds, "staples") * plan.scale + plan.lots.uniform("staples", c.NUMBER))
    owned = users.select(
        *_WHO, c.HOME, c.TEMPO, F.explode(F.when(count > 0, F.sequence(F.lit(0).cast("bigint"), count - 1))).alias(_SLOT)
    )
    category, number = staple(plan, _SLOT)
    gap = trait(plan.kinds, "gap")
    in_visits = F.greatest(F.floor(cycle(category) * F.col(c.TEMPO) / gap + 0.5), F.lit(1).cast("bigint"))
    return (
        owned.select(*_WHO, _SLOT, number.alias(c.ITEM_NUMBER), in_visits.alias(_EVERY))
        .withColumn(c.CYCLE, (F.col(_EVERY) * gap).cast("int"))
        .withColumn(_PHASE, plan.lots.below(F.col(_EVERY), "staple begins", c.NUMBER, _SLOT))
    )


def repeats(users: DataFrame, plan: Plan) -> DataFrame:
    """The purchases of staples, each after its cycle."""
    last = F.size(visits_of(plan)) - F.lit(1).cast("bigint")
    due = F.when(last >= F.col(_PHASE), F.sequence(F.col(_PHASE), last, F.col(_EVERY)))
    return staples(users, plan).select(
        *_WHO, F.posexplode(due).alias(_START, c.VISIT), F.col(_SLOT), F.col(c.ITEM_NUMBER)
    ).select(
        *_WHO, c.VISIT, F.col(_SLOT).alias(c.PLACE), c.ITEM_NUMBER, (F.col(_START) == 0).alias(c.FIRST_TIME)
    )


def _discovered_before(plan: Plan, visit: Column) -> Column:
    """How many products a user has come upon before a visit: evenly many at each, rounded at a place of the user's own."""
    a_visit = trait(plan.kinds, "discoveries") * plan.scale
    return F.floor(a_visit * visit + plan.lots.uniform("discoveries", c.NUMBER))
