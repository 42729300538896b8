"""The products of a shop. All about one follows from its number: n = index in its category x categories + category."""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.simulation.plan import BRANDS, CYCLES, Plan

_BRANDS = ("Plain", "Daily", "Fine", "Grand")  # cheapest first
_BRAND_PRICES = (1.0, 1.7, 2.9, 5.0)
_CHEAPEST, _SPAN = 4.0, 6.0  # base prices of the categories lie between 4 and 10
_LISTED_BEFORE = 365  # days before the log that its first products were listed


def number_of(plan: Plan, category: Column, index: Column) -> Column:
    return index * plan.categories + category


def item_id(number: str) -> Column:
    return F.concat(F.lit("p"), F.col(number).cast("string"))


def price(plan: Plan, number: str) -> Column:
    """What one unit costs: the category sets the level, the brand multiplies it, the product adds its own."""
    base = _CHEAPEST + _SPAN * plan.lots.uniform("base price", _category(plan, number))
    own = 0.9 + 0.2 * plan.lots.uniform("price", number)
    return F.round(base * F.get(F.array(*map(F.lit, _BRAND_PRICES)), _brand(plan, number)) * own, 2).cast("decimal(12,2)")


def quality(plan: Plan, number: str) -> Column:
    """How good a product is, 0 .. 1; comments tell it."""
    return plan.lots.uniform("quality", number)


def cycle(category: Column) -> Column:
    """Days until a product of the category is used up, for a user of tempo 1."""
    return F.get(F.array(*map(F.lit, CYCLES)), F.pmod(category, F.lit(len(CYCLES))).cast("int"))


def catalogue(spark: SparkSession, plan: Plan) -> DataFrame:
    """One row for every product: item_id, name, category, brand, price, since (a day), quality, cycle_days, cold."""
    number = c.ITEM_NUMBER
    numbered = spark.range(0, plan.products, 1, 1).withColumnRenamed("id", number)
    cold = F.floor(F.col(number) / plan.categories) >= plan.range_size * BRANDS
    brand = F.get(F.array(*map(F.lit, _BRANDS)), _brand(plan, number))
    category = F.concat(F.lit("aisle "), (_category(plan, number) + 1).cast("string"))
    listed = [plan.start - timedelta(days=_LISTED_BEFORE), plan.start + timedelta(days=plan.cold_from)]
    return numbered.select(
        item_id(number).alias(c.ITEM),
        F.concat_ws(" ", brand, F.col(number).cast("string"), F.lit("of"), category).alias(c.NAME),
        category.alias(c.CATEGORY),
        brand.alias(c.BRAND),
        price(plan, number).alias(c.PRICE),
        F.when(cold, F.lit(listed[1])).otherwise(F.lit(listed[0])).alias(c.SINCE),
        quality(plan, number).alias(c.QUALITY),
        cycle(_category(plan, number)).alias(c.CYCLE),
        cold.alias(c.COLD),
    )


def _category(plan: Plan, number: str) -> Column:
    return F.pmod(F.col(number), F.lit(plan.categories))


def _brand(plan: Plan, number: str) -> Column:
    return F.pmod(F.floor(F.col(number) / plan.categories), F.lit(BRANDS)).cast("int")
