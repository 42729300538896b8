"""Exactly n products for every user: the model's, then the fallback list of their segment."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.pushes.popularity import FALLBACK, MODEL, NO_SEGMENT

_OWN, _TAKEN = "own", "taken"


def complete(users: DataFrame, model_items: DataFrame, bought: DataFrame, segments: DataFrame, fallback: DataFrame, n: int) -> DataFrame:
    """`n` distinct products for every row of `users`; fewer only where the eligible catalogue has no more.

    Args:
        users: user_id, one row for every user with any history.
        model_items: user_id, item_id, rank, score, as from `top_items`.
        bought: user_id, items (array) that the user must not get; no row for none.
        segments: user_id, segment; users without a row get the list of NO_SEGMENT.
        fallback: segment, fallback: from `fallback_lists`, deep enough for n + the largest `bought` + n.

    Returns:
        user_id, rank, item_id, score, origin. The model's products come first, whatever the scores: those of
        the fallback are shares of users, not probabilities.
    """
    lists = users.join(_own_lists(model_items), on=c.USER, how="left").join(bought, on=c.USER, how="left")
    short = F.size(_or_empty(_OWN, "array<struct<rank:int,item_id:string,score:double>>")) < n
    # Users whom the model serves in full match no fallback list, so none is carried along for them.
    key = F.when(short, F.coalesce(F.col(c.SEGMENT), F.lit(NO_SEGMENT)))
    keyed = lists.join(segments.select(c.USER, c.SEGMENT), on=c.USER, how="left").withColumn(c.SEGMENT, key)
    filled = keyed.join(F.broadcast(fallback), on=c.SEGMENT, how="left").select(c.USER, _filled(n).alias(c.ITEMS))
    rows = filled.select(c.USER, F.posexplode(c.ITEMS).alias("position", "_"))
    return rows.select(
        c.USER, (F.col("position") + 1).alias(c.RANK), F.col(f"_.{c.ITEM}"), F.col(f"_.{c.SCORE}"), F.col(f"_.{c.ORIGIN}")
    )


def _own_lists(model_items: DataFrame) -> DataFrame:
    """One row per user, so that the costly scoring stands in the plan once."""
    entry = F.struct(c.RANK, c.ITEM, c.SCORE)
    return model_items.groupBy(c.USER).agg(F.sort_array(F.collect_list(entry)).alias(_OWN))


def _filled(n: int) -> Column:
    """The model's products, then those of the fallback list that the user may still get, cut to `n`."""
    entry = lambda row: F.struct(row[c.ITEM].alias(c.ITEM), row[c.SCORE].alias(c.SCORE), F.lit(MODEL).alias(c.ORIGIN))
    own = F.transform(_or_empty(_OWN, "array<struct<rank:int,item_id:string,score:double>>"), entry)
    taken = F.concat(F.transform(own, lambda row: row[c.ITEM]), _or_empty(c.ITEMS, "array<string>"))
    fallback = _or_empty(FALLBACK, "array<struct<item_id:string,score:double,origin:string>>")
    # At most |taken| of the first n + |taken| fall out: what is left is n, without walking the whole list.
    near = F.slice(fallback, F.lit(1), F.lit(n) + F.size(taken))
    free = F.filter(near, lambda row: ~F.array_contains(taken, row[c.ITEM]))
    return F.slice(F.concat(own, free), 1, n)


def _or_empty(array: str, kind: str) -> Column:
    return F.coalesce(F.col(array), F.expr(f"CAST(array() AS {kind})"))
