"""How good ranked lists are, user by user, and on average.

With h the products among the first k that the user went on to like, and T all that they liked:

    precision   h / k
    recall      h / |T|
    f1          2 · precision · recall / (precision + recall), 0 without a hit: P1 eq. (7), taken for each user
    hit_rate    1 if h > 0, else 0
    ndcg        Σ 1 / log2(1 + rank) over the hits, divided by the most that min(k, |T|) hits could give

A mean is over all users with a target, those whose list hits nothing included. The mean of f1 is thus the
mean of the users' own F1, not the F1 of mean precision and mean recall, which is greater.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c

METRICS = ("precision", "recall", "f1", "hit_rate", "ndcg")
_COUNT = "target_count"


def user_metrics(lists: DataFrame, targets: DataFrame, lengths: Sequence[int]) -> DataFrame:
    """Every metric at every list length for each user with a target: [user_id, metric, list_length, value].

    One pass over lists of the greatest length serves the shorter ones too.

    Args:
        lists: [user_id, item_id, rank], ranks from 1, products distinct.
        targets: [user_id, item_id], distinct.
    """
    hits = targets.join(lists, on=[c.USER, c.ITEM], how="left")
    users = hits.groupBy(c.USER).agg(F.collect_list(c.RANK).alias(c.HITS), F.count("*").alias(_COUNT))
    measured = F.array(*(cell for k in lengths for cell in _cells(k)))
    return users.select(c.USER, F.inline(measured)).select(c.USER, c.METRIC, c.LIST_LENGTH, c.VALUE)


def mean_metrics(by_user: DataFrame) -> DataFrame:
    """The means over users: [metric, list_length, value, users]."""
    means = by_user.groupBy(c.METRIC, c.LIST_LENGTH).agg(F.avg(c.VALUE).alias(c.VALUE), F.count("*").alias(c.USERS))
    return means.select(c.METRIC, c.LIST_LENGTH, c.VALUE, c.USERS)


def _cells(k: int) -> list[Column]:
    within = F.filter(c.HITS, lambda rank: rank <= k)
    hits = F.size(within).cast("double")
    values = {
        "precision": hits / k,
        "recall": hits / F.col(_COUNT),
        "f1": 2 * hits / (k + F.col(_COUNT)),  # eq. (7) with precision and recall put in
        "hit_rate": (hits > 0).cast("double"),
        "ndcg": F.aggregate(within, F.lit(0.0), lambda gain, rank: gain + 1 / F.log2(1 + rank)) / _ideal(k),
    }
    return [
        F.struct(F.lit(name).alias(c.METRIC), F.lit(k).alias(c.LIST_LENGTH), values[name].alias(c.VALUE)) for name in METRICS
    ]


def _ideal(k: int) -> Column:
    """The gain of min(k, |T|) hits at the top."""
    places = F.sequence(F.lit(1), F.least(F.lit(k), F.col(_COUNT).cast("int")))
    return F.aggregate(places, F.lit(0.0), lambda gain, place: gain + 1 / F.log2(1 + place))
