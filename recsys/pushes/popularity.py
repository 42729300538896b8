"""What is pushed where the model has no answer: one ordered list of products per segment.

A list begins with the products popular in the segment, goes on with those popular overall, and ends with
the rest of the catalogue by name. It is cut to a depth that the job works out, so that it grows with the
catalogue and with what one user can have bought, never with the number of users or events.
"""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.settings import PushSettings

MODEL, BY_SEGMENT, OVERALL, CATALOGUE = "model", "popular_in_segment", "popular", "catalogue"
NO_SEGMENT = -1  # the list of users without a segment: overall and catalogue only
FALLBACK = "fallback"  # array of (item_id, score, origin), best first, distinct products
_PLACE = "place"


def recent(events: DataFrame, settings: PushSettings, ds: date) -> DataFrame:
    """Who did what a push should lead to, with which product, in the last `popular_days` days up to `ds`."""
    in_time = (F.col(c.DAY) > F.lit(ds - timedelta(days=settings.popular_days))) & (F.col(c.DAY) <= F.lit(ds))
    return events.where(in_time & _wanted(settings.behaviour)).select(c.USER, c.ITEM).distinct()


def fallback_lists(recent: DataFrame, segments: DataFrame, products: DataFrame, depth: int) -> DataFrame:
    """One row per segment, and one for no segment: `depth` distinct products, best first.

    Args:
        recent: distinct (user, item) pairs that popularity is counted from.
        segments: user, segment.
        products: the eligible products with name.
        depth: n plus the most products that any user must not get.

    The score of a popular product is the share of the active users (of the segment, or of all) who chose
    it; of the rest of the catalogue 0. Ties are broken by item_id; the catalogue goes by name, then item_id.
    """
    members = recent.join(segments.select(c.USER, c.SEGMENT), on=c.USER, how="inner")
    keys = segments.select(c.SEGMENT).distinct().union(segments.agg(F.lit(NO_SEGMENT).alias(c.SEGMENT)))
    everyone = _popular(recent.withColumn(c.SEGMENT, F.lit(NO_SEGMENT)), products, depth).drop(c.SEGMENT)
    rest = products.orderBy(c.NAME, c.ITEM).limit(depth).withColumn(c.SCORE, F.lit(0.0))
    lists = (
        _tier(_popular(members, products, depth), 0, BY_SEGMENT)
        .unionByName(_tier(keys.crossJoin(F.broadcast(everyone)), 1, OVERALL))
        .unionByName(_tier(keys.crossJoin(F.broadcast(rest)), 2, CATALOGUE))
    )
    return _one_list(lists, depth)


def _wanted(behaviour: str | None) -> Column:
    if behaviour is None:
        return F.lit(True)
    return F.col(c.BEHAVIOUR).isin(*c.BOUGHT) if behaviour in c.BOUGHT else F.col(c.BEHAVIOUR) == behaviour


def _popular(pairs: DataFrame, products: DataFrame, depth: int) -> DataFrame:
    """The `depth` products of every segment with the most distinct users, and the share of users they have."""
    active = pairs.groupBy(c.SEGMENT).agg(F.countDistinct(c.USER).alias(c.USERS))
    chosen = pairs.groupBy(c.SEGMENT, c.ITEM).agg(F.count(c.USER).alias(c.SIZE))
    shares = (
        chosen.join(products.select(c.ITEM, c.NAME), on=c.ITEM, how="inner")
        .join(F.broadcast(active), on=c.SEGMENT, how="inner")
        .withColumn(c.SCORE, F.col(c.SIZE) / F.col(c.USERS))
    )
    best = Window.partitionBy(c.SEGMENT).orderBy(F.col(c.SCORE).desc(), c.ITEM)
    top = shares.withColumn(_PLACE, F.row_number().over(best)).where(F.col(_PLACE) <= depth)
    return top.select(c.SEGMENT, c.ITEM, c.NAME, c.SCORE)


def _tier(products: DataFrame, tier: int, origin: str) -> DataFrame:
    return products.select(c.SEGMENT, c.ITEM, c.NAME, c.SCORE, F.lit(tier).alias(_PLACE), F.lit(origin).alias(c.ORIGIN))


def _one_list(lists: DataFrame, depth: int) -> DataFrame:
    """The tiers of every segment as one array without repetitions, cut to `depth`."""
    first_tier = Window.partitionBy(c.SEGMENT, c.ITEM).orderBy(_PLACE)
    distinct = lists.withColumn(c.RANK, F.row_number().over(first_tier)).where(F.col(c.RANK) == 1)
    by_name = F.when(F.col(c.ORIGIN) == CATALOGUE, F.col(c.NAME)).otherwise("")
    order = [F.col(_PLACE), (-F.col(c.SCORE)).alias(c.SCORE), by_name.alias(c.NAME), F.col(c.ITEM), F.col(c.ORIGIN)]
    ordered = distinct.groupBy(c.SEGMENT).agg(F.slice(F.sort_array(F.collect_list(F.struct(*order))), 1, depth).alias("_"))
    entry = lambda row: F.struct(row[c.ITEM].alias(c.ITEM), (-row[c.SCORE]).alias(c.SCORE), row[c.ORIGIN].alias(c.ORIGIN))
    return ordered.select(c.SEGMENT, F.transform("_", entry).alias(FALLBACK))
