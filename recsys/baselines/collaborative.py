"""Collaborative filtering: Spark's alternating least squares for implicit feedback (Hu, Koren, Volinsky 2008)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.lists import seen_products
from recsys.baselines.method import Keep, as_is

_SEEN, _BUCKET = "seen", "bucket"
_USER_NUMBER, _ITEM_NUMBER = "user_number", "item_number"
_BUCKETS = 256
_CELLS = 8_000_000  # scores held at once by a worker: 32 MB
_DECIMALS = 6  # below that a difference between scores is rounding, and the product breaks the tie


def strengths(history: DataFrame) -> DataFrame:
    """How strongly a user is drawn to a product: by every event the same amount more. [user_id, item_id, strength]"""
    return history.groupBy(c.USER, c.ITEM).agg(F.count("*").cast("float").alias(c.STRENGTH))


def numbered(names: DataFrame, name: str, number: str) -> DataFrame:
    """Number distinct `names` from 0 without gaps, the same way every time, with no step that one machine takes alone."""
    bucketed = names.withColumn(_BUCKET, F.pmod(F.xxhash64(name), F.lit(_BUCKETS)))
    sizes = bucketed.groupBy(_BUCKET).agg(F.count("*").alias("size"))
    before = F.sum("size").over(Window.orderBy(_BUCKET)) - F.col("size")
    offsets = F.broadcast(sizes.select(_BUCKET, before.alias("offset")))
    position = F.row_number().over(Window.partitionBy(_BUCKET).orderBy(name))
    placed = bucketed.withColumn("position", position).join(offsets, on=_BUCKET, how="inner")
    return placed.select(name, (F.col("offset") + F.col("position") - 1).cast("int").alias(number))


def best(scores: np.ndarray, n: int) -> np.ndarray:
    """Positions of the n greatest finite scores, greatest first, the smaller position first where they are equal."""
    n = min(n, len(scores))
    least = np.partition(scores, len(scores) - n)[len(scores) - n]
    positions = np.flatnonzero((scores >= least) & np.isfinite(scores))
    return positions[np.argsort(-scores[positions], kind="stable")][:n]


class CollaborativeFiltering:
    """Matrix factorisation of users × products.

    Spark's own `recommendForUserSubset` neither leaves out seen products nor orders equal scores, and equal
    scores are common: products that one and the same user bought once get the same factors. So only the
    factors come from Spark; the lists are made from them in numpy, batch by batch. Those of the products are collected once,
    when it is fitted, and travel to the workers with every question, so there may be only so many products.
    """

    name = "collaborative_filtering"

    def __init__(
        self, rank: int, iterations: int, alpha: float, regularisation: float, products: int, seed: int, drop_seen: bool, keep: Keep = as_is
    ) -> None:
        """
        Args:
            products: those of most events that have factors, at most; the others are in no list.
        """
        self._als = ALS(
            rank=rank, maxIter=iterations, alpha=alpha, regParam=regularisation, implicitPrefs=True, seed=seed,
            userCol=_USER_NUMBER, itemCol=_ITEM_NUMBER, ratingCol=c.STRENGTH,
        )
        self._most, self._drop_seen, self._keep = products, drop_seen, keep

    def fit(self, history: DataFrame) -> None:
        pairs = self._keep(strengths(history))
        users = self._keep(numbered(pairs.select(c.USER).distinct(), c.USER, _USER_NUMBER))
        items = self._keep(numbered(_most_frequent(pairs, self._most), c.ITEM, _ITEM_NUMBER))
        model = self._als.fit(pairs.join(users, on=c.USER, how="inner").join(items, on=c.ITEM, how="inner"))
        self._users = self._keep(_named(model.userFactors, users, _USER_NUMBER, c.USER))
        products = _named(model.itemFactors, items, _ITEM_NUMBER, c.ITEM).orderBy(c.ITEM).toPandas()
        self._names, self._factors = products[c.ITEM].to_numpy(), np.stack(products[c.FACTORS]).astype(np.float32)
        seen = seen_products(history).join(items.select(c.ITEM), on=c.ITEM, how="left_semi")
        self._seen = self._keep(seen) if self._drop_seen else None

    def recommend(self, users: DataFrame, n: int) -> DataFrame:
        names, factors = self._names, self._factors
        asked = users.select(c.USER).join(self._users, on=c.USER, how="inner")
        asked = asked.withColumn(_SEEN, F.array().cast("array<string>")) if self._seen is None else _with_seen(asked, self._seen)

        def lists(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
            step = max(1, _CELLS // len(names))
            for batch in batches:
                for start in range(0, len(batch), step):
                    yield _lists(batch.iloc[start : start + step], names, factors, n)

        return asked.mapInPandas(lists, f"{c.USER} string, {c.ITEM} string, {c.RANK} int")


def _most_frequent(pairs: DataFrame, most: int) -> DataFrame:
    """The `most` products of most events: [item_id]."""
    frequency = pairs.groupBy(c.ITEM).agg(F.sum(c.STRENGTH).alias(c.EVENTS))
    return frequency.orderBy(F.desc(c.EVENTS), c.ITEM).limit(most).select(c.ITEM)


def _named(factors: DataFrame, numbers: DataFrame, number: str, name: str) -> DataFrame:
    named = factors.withColumnRenamed("id", number).join(numbers, on=number, how="inner")
    return named.select(name, F.col("features").alias(c.FACTORS))


def _with_seen(users: DataFrame, seen: DataFrame) -> DataFrame:
    barred = seen.groupBy(c.USER).agg(F.collect_set(c.ITEM).alias(_SEEN))
    return users.join(barred, on=c.USER, how="left")


def _lists(users: pd.DataFrame, names: np.ndarray, factors: np.ndarray, n: int) -> pd.DataFrame:
    """The lists of one batch of users; what they have seen is among `names`, and these are in order, so that the smaller position is the smaller item."""
    scores = np.round(np.stack(users[c.FACTORS]).astype(np.float32) @ factors.T, _DECIMALS)
    chosen = []
    for row, (user, seen) in enumerate(zip(users[c.USER], users[_SEEN])):
        scores[row, np.searchsorted(names, seen)] = -np.inf
        places = best(scores[row], n)
        chosen.append(pd.DataFrame({c.USER: user, c.ITEM: names[places], c.RANK: np.arange(1, len(places) + 1)}))
    return pd.concat(chosen, ignore_index=True)
