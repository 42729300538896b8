"""Item-to-item collaborative filtering (Sarwar et al. 2001; Linden et al. 2003): products that the same users have."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.collaborative import numbered
from recsys.baselines.favourites import favourites
from recsys.baselines.lists import ranked, seen_products, without
from recsys.baselines.method import Keep, as_is

_PAIR, _ONE, _OTHER, _BOTH = "pair", "one", "other", "both"
_SHIFT = 2**32
_DECIMALS = 6  # below that a difference between scores is rounding, and the product breaks the tie


def owned(history: DataFrame, most: int, half_life: float) -> DataFrame:
    """The `most` products that each user touched last, and how much they still mean to the user: [user_id, item_id, strength].

    The strength is that of `favourites`. Pairs of products grow with the square of `most`, so nobody may bring in all they ever touched.
    """
    latest = Window.partitionBy(c.USER).orderBy(F.desc(c.LAST_TIME), F.desc(c.EVENTS), c.ITEM)
    placed = favourites(history, half_life).withColumn(c.RANK, F.row_number().over(latest))
    return placed.where(F.col(c.RANK) <= most).select(c.USER, c.ITEM, c.STRENGTH)


def neighbours(pairs: DataFrame, most: int, shrinkage: float) -> DataFrame:
    """The `most` products nearest to each: [item_id, neighbour, similarity].

    The similarity is the cosine of the two sets of users, |A ∩ B| / √(|A| · |B|), times |A ∩ B| / (|A ∩ B| + shrinkage),
    so that two products that one and the same user happened to have are not taken for twins.

    Args:
        pairs: [user_id, item_id], distinct.
    """
    numbers = numbered(pairs.select(c.ITEM).distinct(), c.ITEM, c.NUMBER)
    placed = pairs.join(numbers, on=c.ITEM, how="inner")
    sizes = placed.groupBy(c.NUMBER).agg(F.count("*").alias(c.USERS))
    both = _in_common(placed)
    found = (
        both.join(_renamed(sizes, _ONE), on=_ONE, how="inner").join(_renamed(sizes, _OTHER), on=_OTHER, how="inner")
        .withColumn(c.SIMILARITY, _similarity(shrinkage))
    )
    either_way = found.select(_ONE, _OTHER, c.SIMILARITY).union(found.select(_OTHER, _ONE, c.SIMILARITY))
    nearest = Window.partitionBy(_ONE).orderBy(F.desc(c.SIMILARITY), _OTHER)
    kept = either_way.withColumn(c.RANK, F.row_number().over(nearest)).where(F.col(c.RANK) <= most)
    names = numbers.select(F.col(c.NUMBER).alias(_OTHER), F.col(c.ITEM).alias(c.NEIGHBOUR))
    return kept.join(numbers.withColumnRenamed(c.NUMBER, _ONE), on=_ONE, how="inner").join(names, on=_OTHER, how="inner").select(
        c.ITEM, c.NEIGHBOUR, c.SIMILARITY
    )


def _in_common(placed: DataFrame) -> DataFrame:
    """How many users have both products of a pair: [one, other, both], one < other."""
    baskets = placed.groupBy(c.USER).agg(F.sort_array(F.collect_list(F.col(c.NUMBER).cast("bigint"))).alias(c.ITEMS))
    each = baskets.select(c.ITEMS, F.posexplode(c.ITEMS).alias(c.POSITION, _ONE))
    after = F.slice(c.ITEMS, F.col(c.POSITION) + 2, F.size(c.ITEMS))  # positions count from 0, slices from 1
    pairs = each.select(_ONE, F.explode(after).alias(_OTHER))
    # A pair travels as one number: half the bytes, and no strings, in by far the largest shuffle.
    counted = pairs.groupBy((F.col(_ONE) * _SHIFT + F.col(_OTHER)).alias(_PAIR)).agg(F.count("*").alias(_BOTH))
    one, other = F.floor(F.col(_PAIR) / _SHIFT), F.pmod(F.col(_PAIR), F.lit(_SHIFT))
    return counted.select(one.cast("int").alias(_ONE), other.cast("int").alias(_OTHER), _BOTH)


def _similarity(shrinkage: float):
    both = F.col(_BOTH)
    return both / F.sqrt(F.col(f"{_ONE}_{c.USERS}") * F.col(f"{_OTHER}_{c.USERS}")) * both / (both + shrinkage)


def _renamed(sizes: DataFrame, name: str) -> DataFrame:
    return sizes.select(F.col(c.NUMBER).alias(name), F.col(c.USERS).alias(f"{name}_{c.USERS}"))


class ItemToItem:
    """What lies nearest to the products that a user has, the more so the more often and the later the user touched them.

    A product also speaks for itself, as `repeats` neighbours of similarity 1 would, so what a user comes back for is
    recommended too, unless `drop_seen` takes it out.
    """

    name = "item_to_item"

    def __init__(
        self, products: int, nearest: int, shrinkage: float, half_life: float, repeats: float, drop_seen: bool, keep: Keep = as_is
    ) -> None:
        """
        Args:
            products: of a user that are looked at, the latest.
            nearest: neighbours of a product that are kept.
            shrinkage: see `neighbours`.
            half_life: see `favourites`.
        """
        self._products, self._nearest, self._shrinkage = products, nearest, shrinkage
        self._half_life, self._repeats, self._drop_seen, self._keep = half_life, repeats, drop_seen, keep

    def fit(self, history: DataFrame) -> None:
        self._owned = self._keep(owned(history, self._products, self._half_life))
        self._neighbours = self._keep(neighbours(self._owned.select(c.USER, c.ITEM), self._nearest, self._shrinkage))
        self._seen = self._keep(seen_products(history)) if self._drop_seen else None

    def scores(self, users: DataFrame) -> DataFrame:
        """Every product that lies near to one that the user has: [user_id, item_id, score]."""
        own = self._owned.join(users.select(c.USER), on=c.USER, how="left_semi")
        near = own.join(self._neighbours, on=c.ITEM, how="inner").select(
            c.USER, F.col(c.NEIGHBOUR).alias(c.ITEM), (F.col(c.STRENGTH) * F.col(c.SIMILARITY)).alias(c.SCORE)
        )
        itself = own.select(c.USER, c.ITEM, (F.col(c.STRENGTH) * self._repeats).alias(c.SCORE))
        summed = near.unionByName(itself).groupBy(c.USER, c.ITEM).agg(F.round(F.sum(c.SCORE), _DECIMALS).alias(c.SCORE))
        return without(summed, self._seen)

    def recommend(self, users: DataFrame, n: int) -> DataFrame:
        return ranked(self.scores(users), [F.desc(c.SCORE)], n)
