"""What a user turned to most: the control that a model has to beat where people come back to the same things."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.lists import ranked
from recsys.baselines.method import Keep, as_is

_NEWEST = "newest"


def favourites(history: DataFrame, half_life: float | None) -> DataFrame:
    """How much each product that a user touched means to the user: [user_id, item_id, events, last_time, strength].

    The strength is the number of events, whatever their behaviour, halved for every `half_life` days from the last of
    them to the end of the history; with None it is the number of events, however old.
    """
    touched = history.groupBy(c.USER, c.ITEM).agg(F.count("*").alias(c.EVENTS), F.max(c.TIME).alias(c.LAST_TIME), F.max(c.DAY).alias(c.DAY))
    if half_life is None:
        return touched.drop(c.DAY).withColumn(c.STRENGTH, F.col(c.EVENTS).cast("double"))
    newest = F.broadcast(history.agg(F.max(c.DAY).alias(_NEWEST)))
    left = F.pow(F.lit(0.5), F.datediff(_NEWEST, c.DAY) / half_life)
    return touched.crossJoin(newest).select(c.USER, c.ITEM, c.EVENTS, c.LAST_TIME, (F.col(c.EVENTS) * left).alias(c.STRENGTH))


class OwnFavourites:
    """A user's own most frequent products, whatever was done with them; of equally frequent ones the most recent first.

    All of them have been seen, so with `drop_seen` it has nothing to say. With a half-life it is item-to-item without neighbours.
    """

    name = "own_favourites"

    def __init__(self, half_life: float | None, drop_seen: bool, keep: Keep = as_is) -> None:
        """
        Args:
            half_life: see `favourites`.
        """
        self._half_life, self._drop_seen, self._keep = half_life, drop_seen, keep

    def fit(self, history: DataFrame) -> None:
        self._favourites = self._keep(favourites(history, self._half_life))

    def recommend(self, users: DataFrame, n: int) -> DataFrame:
        allowed = self._favourites.where(F.lit(not self._drop_seen))
        candidates = users.select(c.USER).join(allowed, on=c.USER, how="inner")
        return ranked(candidates, [F.desc(c.STRENGTH), F.desc(c.LAST_TIME)], n)
