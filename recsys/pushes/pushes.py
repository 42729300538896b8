"""The rows of the table `pushes`."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.faults import BadData


def pushes(lists: DataFrame, products: DataFrame, model_version: str, events_version: int, ds: date) -> DataFrame:
    """The completed `lists` with the name and price of every product, and what they were made from."""
    return lists.join(products.select(c.ITEM, c.NAME, c.PRICE), on=c.ITEM, how="inner").select(
        c.USER, c.RANK, c.ITEM, c.SCORE, c.NAME, c.PRICE, c.ORIGIN,
        F.lit(model_version).alias(c.MODEL_VERSION),
        F.lit(events_version).cast("bigint").alias(c.EVENTS_VERSION),
        F.lit(ds).alias(c.DAY),
    )


def item_ids(products: DataFrame) -> list[str]:
    """The item ids of `products`, on the driver; grows with the catalogue only."""
    return sorted(row[c.ITEM] for row in products.select(c.ITEM).collect())


def most_bought(bought: DataFrame) -> int:
    """The most products that any one user must not get."""
    return bought.agg(F.max(F.size(c.ITEMS))).first()[0] or 0


def short_lists(events: DataFrame, pushed: DataFrame, n: int) -> int:
    """How many users of `events` got fewer than `n` products, or none at all."""
    got = events.select(c.USER).distinct().join(pushed.groupBy(c.USER).count(), on=c.USER, how="left")
    return got.where(F.coalesce(F.col("count"), F.lit(0)) < n).count()


def require_any(products: DataFrame, ds: date) -> None:
    """Refuse to push from an empty catalogue.

    Raises:
        BadData: there is no product with a name and a price that is on sale.
    """
    if products.isEmpty():
        raise BadData(
            f"No product of {ds} may be pushed: a pushed product needs a name, a price and, while pushes.drop_unavailable "
            "is true, must be available. Look at the table products of that day and at the product part of the source "
            "file; nothing was written."
        )
