"""From candidate products to ranked lists."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c

_OWN, _SEEN, _POPULAR = "own", "seen", "popular"


def ranked(candidates: DataFrame, order: list[Column], n: int) -> DataFrame:
    """The first n candidates of each user by `order`, then by item: [user_id, item_id, rank]."""
    best_first = Window.partitionBy(c.USER).orderBy(*order, F.col(c.ITEM))
    numbered = candidates.withColumn(c.RANK, F.row_number().over(best_first))
    return numbered.where(F.col(c.RANK) <= n).select(c.USER, c.ITEM, c.RANK)


def seen_products(history: DataFrame) -> DataFrame:
    """Every product that a user touched in any way, once: [user_id, item_id]."""
    return history.select(c.USER, c.ITEM).distinct()


def without(candidates: DataFrame, seen: DataFrame | None) -> DataFrame:
    """The candidates that their user has not seen; all of them where `seen` is None."""
    return candidates if seen is None else candidates.join(seen, on=[c.USER, c.ITEM], how="left_anti")


def completed(lists: DataFrame, users: DataFrame, popular: DataFrame, n: int, seen: DataFrame | None = None) -> DataFrame:
    """Every user's list, filled up to n with the most popular products that are not in it and not `seen`.

    Args:
        lists: [user_id, item_id, rank], at most n rows a user; users without rows get popular products only.
        popular: [item_id, events]; most events first, ties by item. One array of it travels to every worker:
            it grows with products, never with users.
    """
    own = lists.groupBy(c.USER).agg(F.array_sort(F.collect_list(F.struct(c.RANK, c.ITEM)))[c.ITEM].alias(_OWN))
    listed = users.select(c.USER).join(own, on=c.USER, how="left").withColumn(_OWN, _or_empty(_OWN))
    taken = F.col(_OWN)
    if seen is not None:
        barred = seen.groupBy(c.USER).agg(F.collect_set(c.ITEM).alias(_SEEN))
        listed = listed.join(barred, on=c.USER, how="left").withColumn(_SEEN, _or_empty(_SEEN))
        taken = F.array_union(_OWN, _SEEN)
    # Of the first n + |taken| popular products at least n are free, so nothing deeper need be looked at.
    free = F.array_except(F.slice(_POPULAR, F.lit(1), F.lit(n) + F.size(taken)), taken)
    whole = F.concat(_OWN, F.slice(free, F.lit(1), F.lit(n) - F.size(_OWN)))
    depth = n if seen is None else None
    return (
        listed.crossJoin(F.broadcast(_most_popular(popular, depth)))
        .select(c.USER, F.posexplode(whole).alias("before", c.ITEM))
        .select(c.USER, c.ITEM, (F.col("before") + 1).alias(c.RANK))
    )


def _most_popular(popular: DataFrame, depth: int | None) -> DataFrame:
    """One row with one array: the products, most popular first, cut after 2 * depth."""
    best_first = F.array_sort(F.collect_list(F.struct((-F.col(c.EVENTS)).alias(c.EVENTS), c.ITEM)))[c.ITEM]
    cut = best_first if depth is None else F.slice(best_first, 1, 2 * depth)
    return popular.agg(cut.alias(_POPULAR))


def _or_empty(column: str) -> Column:
    return F.coalesce(column, F.array().cast("array<string>"))
