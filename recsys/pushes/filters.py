"""Which products may be pushed to whom."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.settings import PushSettings

BANNED = "banned"  # item indices that a user must not get: the model's view of what they bought


def eligible(products: DataFrame, settings: PushSettings) -> DataFrame:
    """The products that may be pushed at all: with a name and a price, and on sale if settings ask for it."""
    complete = F.col(c.NAME).isNotNull() & F.col(c.PRICE).isNotNull()
    on_sale = F.coalesce(F.col(c.AVAILABLE), F.lit(True)) if settings.drop_unavailable else F.lit(True)
    return products.where(complete & on_sale).select(c.ITEM, c.NAME, c.PRICE)


def not_eligible(vocabulary: DataFrame, products: DataFrame) -> DataFrame:
    """The products that the model knows and nobody may get: no longer eligible, or gone from the product list."""
    return vocabulary.join(products, on=c.ITEM, how="left_anti").select(c.ITEM)


def bought(events: DataFrame, settings: PushSettings) -> DataFrame:
    """One row per user: the products they bought, as a sorted array; no rows when settings keep these products."""
    kept = events.where(F.col(c.BEHAVIOUR).isin(*c.BOUGHT)) if settings.drop_bought else events.where(F.lit(False))
    return by_user(kept)


def by_user(rows: DataFrame) -> DataFrame:
    """One row per user: the distinct products of their `rows`, as a sorted array."""
    return rows.groupBy(c.USER).agg(F.sort_array(F.collect_set(c.ITEM)).alias(c.ITEMS))


def with_banned(sequences: DataFrame, bought: DataFrame, vocabulary: DataFrame) -> DataFrame:
    """`sequences` with the column `banned`: the indices of what the user bought; null for none."""
    pairs = bought.select(c.USER, F.explode(c.ITEMS).alias(c.ITEM))
    indexed = pairs.join(F.broadcast(vocabulary.select(c.ITEM, c.ITEM_INDEX)), on=c.ITEM, how="inner")
    banned = indexed.groupBy(c.USER).agg(F.sort_array(F.collect_set(c.ITEM_INDEX)).alias(BANNED))
    return sequences.join(banned, on=c.USER, how="left")
