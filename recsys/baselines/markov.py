"""What followed the last product: the control that a sequence model has to beat to have learned anything."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.lists import ranked, seen_products, without
from recsys.baselines.method import Keep, as_is

_OCCURRENCES = "occurrences"


def transitions(history: DataFrame) -> DataFrame:
    """How often one product directly followed another of the same user, beside the follower's own frequency.

    [item_id, follower, events, occurrences]; events of one moment are ordered by `event_id`.
    """
    in_order = Window.partitionBy(c.USER).orderBy(c.TIME, c.EVENT_ID)
    steps = history.select(c.ITEM, F.lead(c.ITEM).over(in_order).alias(c.FOLLOWER))
    counts = steps.where(F.col(c.FOLLOWER).isNotNull()).groupBy(c.ITEM, c.FOLLOWER).agg(F.count("*").alias(c.EVENTS))
    frequency = history.groupBy(F.col(c.ITEM).alias(c.FOLLOWER)).agg(F.count("*").alias(_OCCURRENCES))
    return counts.join(frequency, on=c.FOLLOWER, how="inner").select(c.ITEM, c.FOLLOWER, c.EVENTS, _OCCURRENCES)


def last_products(history: DataFrame) -> DataFrame:
    """The product of each user's last event: [user_id, item_id]."""
    last = F.max_by(c.ITEM, F.struct(c.TIME, c.EVENT_ID))
    return history.groupBy(c.USER).agg(last.alias(c.ITEM))


class Markov:
    """First-order Markov chain: the followers of a user's last product, most frequent first.

    Equally frequent followers are ordered by how often they occur at all, then by item.
    """

    name = "markov"

    def __init__(self, drop_seen: bool, keep: Keep = as_is) -> None:
        self._drop_seen, self._keep = drop_seen, keep

    def fit(self, history: DataFrame) -> None:
        self._seen = self._keep(seen_products(history)) if self._drop_seen else None
        self._last = self._keep(last_products(history))
        self._transitions = self._keep(transitions(history))

    def recommend(self, users: DataFrame, n: int) -> DataFrame:
        last = users.select(c.USER).join(self._last, on=c.USER, how="inner")
        followers = last.join(self._transitions, on=c.ITEM, how="inner")
        candidates = followers.select(c.USER, F.col(c.FOLLOWER).alias(c.ITEM), c.EVENTS, _OCCURRENCES)
        return ranked(without(candidates, self._seen), [F.desc(c.EVENTS), F.desc(_OCCURRENCES)], n)
