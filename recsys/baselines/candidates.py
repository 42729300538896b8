"""Products worth a look for a user, with what is known of user and product: input of methods that judge pairs."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.item_to_item import ItemToItem
from recsys.baselines.lists import seen_products, without
from recsys.baselines.method import Keep, as_is
from recsys.baselines.popularity import last_days, popularity

_OWN, _SINCE, _USER_EVENTS, _SHARE, _NEAR, _ITEM_EVENTS, _ITEM_LATELY, _ITEM_USERS = ATTRIBUTES = (
    "own_events",  # how often the user touched the product
    "own_days_since",  # days since the last time, up to the end of the history; all days of the history for never
    "user_events",  # how often the user did anything
    "own_share",  # own_events / user_events
    "nearness",  # score of the item-to-item neighbours of what the user has
    "item_events",  # relevant events of the product
    "item_events_lately",  # the same in the last days
    "item_users",  # users who touched the product
)
_END, _DAYS = "end", "log_days"


class Candidates:
    """A user's own products, the neighbours of these, and what is popular, each with its attributes.

    Which these are, and what is known of them, follows from the history that was last given to `fit` alone.
    """

    def __init__(
        self, neighbours: ItemToItem, nearest: int, popular: int, recent_days: int, relevant: Sequence[str], drop_seen: bool,
        keep: Keep = as_is,
    ) -> None:
        """
        Args:
            neighbours: gives the user's own products and their neighbours.
            nearest: best of these of each user that are looked at.
            popular: products of most relevant events that everybody is offered.
        """
        self._neighbours, self._nearest, self._popular, self._recent_days = neighbours, nearest, popular, recent_days
        self._relevant, self._drop_seen, self._keep = relevant, drop_seen, keep

    def fit(self, history: DataFrame) -> None:
        self._neighbours.fit(history)
        self._pairs = self._keep(history.groupBy(c.USER, c.ITEM).agg(F.count("*").alias(_OWN), F.max(c.DAY).alias(c.DAY)))
        self._products = self._keep(_products(history, self._relevant, self._recent_days))
        self._users = self._keep(history.groupBy(c.USER).agg(F.count("*").alias(_USER_EVENTS)))
        span = history.agg(F.max(c.DAY).alias(_END), (F.datediff(F.max(c.DAY), F.min(c.DAY)) + 1).alias(_DAYS))
        self._span = self._keep(span)
        self._seen = self._keep(seen_products(history)) if self._drop_seen else None

    def of(self, users: DataFrame) -> DataFrame:
        """The candidates of `users` [user_id]: [user_id, item_id, *ATTRIBUTES], the attributes as double."""
        near = self._keep_nearest(self._neighbours.scores(users))
        first = self._products.orderBy(F.desc(_ITEM_EVENTS), c.ITEM).limit(self._popular).select(c.ITEM)
        popular = users.select(c.USER).crossJoin(F.broadcast(first)).withColumn(_NEAR, F.lit(0.0))
        offered = without(near.unionByName(popular), self._seen).groupBy(c.USER, c.ITEM).agg(F.max(_NEAR).alias(_NEAR))
        known = (
            offered.join(self._pairs, on=[c.USER, c.ITEM], how="left").join(self._users, on=c.USER, how="left")
            .join(self._products, on=c.ITEM, how="left").crossJoin(F.broadcast(self._span))
            .withColumn(_SINCE, F.coalesce(F.datediff(_END, c.DAY), _DAYS))
            .withColumn(_SHARE, F.col(_OWN) / F.col(_USER_EVENTS))
        )
        return known.select(c.USER, c.ITEM, *(F.coalesce(F.col(name).cast("double"), F.lit(0.0)).alias(name) for name in ATTRIBUTES))

    def _keep_nearest(self, scores: DataFrame) -> DataFrame:
        best_first = Window.partitionBy(c.USER).orderBy(F.desc(c.SCORE), c.ITEM)
        placed = scores.withColumn(c.RANK, F.row_number().over(best_first)).where(F.col(c.RANK) <= self._nearest)
        return placed.select(c.USER, c.ITEM, F.col(c.SCORE).alias(_NEAR))


def _products(history: DataFrame, relevant: Sequence[str], recent_days: int) -> DataFrame:
    """What everybody did with each product: [item_id, item_events, item_events_lately, item_users]."""
    lately = popularity(last_days(history, recent_days), relevant).withColumnRenamed(c.EVENTS, _ITEM_LATELY)
    users = history.groupBy(c.ITEM).agg(F.count_distinct(c.USER).alias(_ITEM_USERS))
    liked = popularity(history, relevant).withColumnRenamed(c.EVENTS, _ITEM_EVENTS)
    return users.join(liked, on=c.ITEM, how="left").join(lately, on=c.ITEM, how="left").fillna(0)
