"""Which product: by the user's taste, by what is popular, by fashion, by what was looked at before, or because it is new.

Every choice costs the same, however many products there are: taste gives category and brand, the inverse of a
power law the rank within them.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.simulation.catalogue import number_of
from recsys.simulation.plan import BRANDS, Plan
from recsys.simulation.segments import trait

_STRAY = 0.1  # of the choices that leave the user's categories
_LOYAL = 0.85  # of the choices that are of the user's brand
_NEW = 0.15  # of the choices in the last weeks that are new products
_STEP = 5  # what follows a product is the one five ranks below it, of the same brand
_FASHION_DAYS = 28


def by_taste(plan: Plan, day: Column, head: Column, steps: Column) -> Column:
    """The number of a discovered product: the choice numbered `head` of the user, and from it `steps` products further.

    Args:
        day: of the visit, from 0; fashion and new products hang on it.
    """
    keys = (c.NUMBER, head)
    slot = plan.lots.rank(trait(plan.kinds, "breadth"), "slot", *keys)
    category = _category(plan, slot, "discovery", *keys)
    brand = _brand(plan, "discovery", *keys)
    rank = _in_fashion(plan, plan.lots.rank(plan.range_size, "rank", *keys), category, day, *keys)
    followed = F.pmod(rank + steps * _STEP, F.lit(plan.range_size))
    return number_of(plan, category, _or_new(plan, followed * BRANDS + brand, day, *keys))


def staple(plan: Plan, slot: str) -> tuple[Column, Column]:
    """The category and the number of the user's staple `slot`; each is of another category of the user's taste."""
    keys = (c.NUMBER, slot)
    category = F.pmod(F.col(c.HOME) + F.col(slot), F.lit(plan.categories))
    index = plan.lots.rank(plan.range_size, "staple rank", *keys) * BRANDS + _brand(plan, "staple", *keys)
    return category, number_of(plan, category, index)


def _category(plan: Plan, slot: Column, purpose: str, *keys: str | Column) -> Column:
    """Categories lie on a ring, so that users of near homes share some of their taste."""
    fancied = F.pmod(F.col(c.HOME) + slot, F.lit(plan.categories))
    other = plan.lots.below(plan.categories, f"{purpose} elsewhere", *keys)
    return F.when(plan.lots.happens(_STRAY, f"{purpose} strays", *keys), other).otherwise(fancied)


def _brand(plan: Plan, purpose: str, *keys: str | Column) -> Column:
    other = plan.lots.below(BRANDS, f"{purpose} brand", *keys)
    own = trait(plan.kinds, "brand").cast("bigint")
    return F.when(plan.lots.happens(_LOYAL, f"{purpose} loyal", *keys), own).otherwise(other)


def _in_fashion(plan: Plan, rank: Column, category: Column, day: Column, *keys: str | Column) -> Column:
    """`rank`, or the product that has this rank in the fashion of the weeks; every category changes it on days of its own."""
    phase = plan.lots.below(_FASHION_DAYS, "fashion begins", category)
    season = F.floor((day + phase) / _FASHION_DAYS)
    fashionable = plan.lots.below(plan.range_size, "fashion", category, season, rank)
    return F.when(plan.lots.happens(plan.drift, "follows fashion", *keys), fashionable).otherwise(rank)


def _or_new(plan: Plan, index: Column, day: Column, *keys: str | Column) -> Column:
    first = plan.range_size * BRANDS
    if plan.cold == 0 or plan.shelf == first:
        return index
    is_new = (day >= plan.cold_from) & plan.lots.happens(_NEW, "is new", *keys)
    return F.when(is_new, first + plan.lots.below(plan.shelf - first, "new", *keys)).otherwise(index)
