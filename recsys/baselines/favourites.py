"""What a user bought most: the control that a model has to beat where people buy the same things again."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.lists import ranked
from recsys.baselines.method import Keep, as_is


def favourites(history: DataFrame, relevant: Sequence[str]) -> DataFrame:
    """How often and when last a user liked a product: [user_id, item_id, events, last_time]."""
    liked = history.where(F.col(c.BEHAVIOUR).isin(*relevant))
    return liked.groupBy(c.USER, c.ITEM).agg(F.count("*").alias(c.EVENTS), F.max(c.TIME).alias(c.LAST_TIME))


class OwnFavourites:
    """A user's own most frequent products; of equally frequent ones the most recent first.

    All of them have been seen, so with `drop_seen` it has nothing to say.
    """

    name = "own_favourites"

    def __init__(self, relevant: Sequence[str], drop_seen: bool, keep: Keep = as_is) -> None:
        self._relevant, self._drop_seen, self._keep = relevant, drop_seen, keep

    def fit(self, history: DataFrame) -> None:
        self._favourites = self._keep(favourites(history, self._relevant))

    def recommend(self, users: DataFrame, n: int) -> DataFrame:
        allowed = self._favourites.where(F.lit(not self._drop_seen))
        candidates = users.select(c.USER).join(allowed, on=c.USER, how="inner")
        return ranked(candidates, [F.desc(c.EVENTS), F.desc(c.LAST_TIME)], n)
