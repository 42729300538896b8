"""What everybody buys, over the whole history or lately; it also fills up the lists of other methods."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.lists import completed, seen_products
from recsys.baselines.method import Keep, as_is

_NEWEST, _AGE = "newest", "age"


def popularity(history: DataFrame, relevant: Sequence[str]) -> DataFrame:
    """Relevant events of each product: [item_id, events]."""
    liked = history.where(F.col(c.BEHAVIOUR).isin(*relevant))
    return liked.groupBy(c.ITEM).agg(F.count("*").alias(c.EVENTS))


def last_days(history: DataFrame, days: int) -> DataFrame:
    """The events of the last `days` days that the history covers."""
    return _aged(history).where(F.col(_AGE) < days).drop(_AGE)


def days_before(history: DataFrame, days: int) -> DataFrame:
    """The events before the last `days` days that the history covers."""
    return _aged(history).where(F.col(_AGE) >= days).drop(_AGE)


def _aged(history: DataFrame) -> DataFrame:
    newest = history.agg(F.max(c.DAY).alias(_NEWEST))
    return history.crossJoin(F.broadcast(newest)).withColumn(_AGE, F.datediff(_NEWEST, c.DAY)).drop(_NEWEST)


class Popularity:
    """The products of most relevant events, the same for everybody but for what `drop_seen` takes out."""

    name = "popularity"

    def __init__(self, relevant: Sequence[str], drop_seen: bool, keep: Keep = as_is) -> None:
        self._relevant, self._drop_seen, self._keep = relevant, drop_seen, keep

    def fit(self, history: DataFrame) -> None:
        self._seen = self._keep(seen_products(history)) if self._drop_seen else None
        self._popular = self._keep(popularity(self._past(history), self._relevant))

    def recommend(self, users: DataFrame, n: int) -> DataFrame:
        nothing = users.select(c.USER, F.lit("").alias(c.ITEM), F.lit(0).alias(c.RANK)).where(F.lit(False))
        return self.complete(nothing, users, n)

    def complete(self, lists: DataFrame, users: DataFrame, n: int) -> DataFrame:
        """`lists` filled up to n products for each of `users`."""
        return completed(lists, users, self._popular, n, self._seen)

    def _past(self, history: DataFrame) -> DataFrame:
        return history


class RecentPopularity(Popularity):
    """The products of most relevant events in the last days of the history."""

    name = "recent_popularity"

    def __init__(self, days: int, relevant: Sequence[str], drop_seen: bool, keep: Keep = as_is) -> None:
        super().__init__(relevant, drop_seen, keep)
        self._days = days

    def _past(self, history: DataFrame) -> DataFrame:
        return last_days(history, self._days)
