"""Which products the same users have, counted over all that a split may look at: what a history says beyond its last few events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.sequences.neighbours import OTHER, most_beside, sampled
from recsys.split import in_history
from recsys.tables import LIKENESSES

MOST = 100  # products of a user that are looked at, the latest: pairs grow with the square of it
SHRINKAGE = 10.0  # users in common below which a likeness is doubted
_SHARED_BY, _LOW, _HIGH, _PAIR = "shared_by", "low", "high", "pair"
_SHIFT = 2**32


def likenesses(
    events: DataFrame, splits: Sequence[str], vocabulary: DataFrame, kept: int, ds: date, model_ds: date, every: int = 1, most: int = MOST
) -> DataFrame:
    """The rows of `likenesses`: of every product the `kept` others that are most alike, ties by the smaller index.

    Alike is what the same users have (Sarwar et al. 2001): the cosine of the two sets of users, |A ∩ B| / √(|A| · |B|), times
    |A ∩ B| / (|A ∩ B| + `SHRINKAGE`), so that two products that one and the same user happened to have are not taken for
    twins. Of every user the `most` products that were touched last in the history of a split count there. A product that
    shares no user has no row.

    All splits are counted at once: one row travels for each two products that a user has, and then one for each two that
    anybody has.

    Args:
        events: from `with_role`, of behaviours that enter sequences.
        model_ds: the day of `vocabulary`.
        every: count for the products of this sample only.
    """
    had = _had(events, splits, vocabulary, most)
    users = had.groupBy(c.ITEM_INDEX).agg(*(F.sum(_bit(bit)).alias(split) for bit, split in enumerate(splits)))
    low, high = (users.select([F.col(name).alias(f"{side}_{name}" if name in splits else side) for name in users.columns]) for side in (_LOW, _HIGH))
    met = _met(had, splits).where(sampled(_LOW, every) | sampled(_HIGH, every)).join(low, on=_LOW, how="inner").join(high, on=_HIGH, how="inner")
    ways = F.array(*(F.struct(F.col(one).alias(c.ITEM_INDEX), F.col(other).alias(OTHER), *map(_likeness, splits)) for one, other in ((_LOW, _HIGH), (_HIGH, _LOW))))
    counted = most_beside(met.select(F.inline(ways)), splits, kept, every)
    return counted.withColumns({c.MODEL_DAY: F.lit(model_ds), c.DAY: F.lit(ds)}).select(*LIKENESSES.columns)


def _had(events: DataFrame, splits: Sequence[str], vocabulary: DataFrame, most: int) -> DataFrame:
    """The products that count for a user, and in which splits, as bits: [user_id, item_index, shared_by]."""
    known = events.join(F.broadcast(vocabulary.select(c.ITEM, c.ITEM_INDEX)), on=c.ITEM, how="inner")
    touched = [(F.max(F.when(in_history(split), F.col(c.TIME))).alias(f"last_{split}"), F.sum(in_history(split).cast("int")).alias(f"times_{split}")) for split in splits]
    products = known.groupBy(c.USER, c.ITEM_INDEX).agg(*(column for of_split in touched for column in of_split))
    bits = [
        F.when(F.col(f"last_{split}").isNotNull() & (F.row_number().over(_latest(split)) <= most), 1 << bit).otherwise(0) for bit, split in enumerate(splits)
    ]
    return products.select(c.USER, c.ITEM_INDEX, sum(bits, F.lit(0)).alias(_SHARED_BY)).where(F.col(_SHARED_BY) > 0)


def _latest(split: str) -> Window:
    return Window.partitionBy(c.USER).orderBy(F.col(f"last_{split}").desc_nulls_last(), F.desc(f"times_{split}"), c.ITEM_INDEX)


def _met(had: DataFrame, splits: Sequence[str]) -> DataFrame:
    """One row for each two products that a user has, `low` and `high`, with the users who have both, by split."""
    baskets = had.groupBy(c.USER).agg(F.sort_array(F.collect_list(F.struct(c.ITEM_INDEX, _SHARED_BY))).alias(c.ITEMS))
    each = baskets.select(c.ITEMS, F.posexplode(c.ITEMS).alias(c.POSITION, _LOW))
    after = F.slice(c.ITEMS, F.col(c.POSITION) + 2, F.size(c.ITEMS))  # positions count from 0, slices from 1
    pairs = each.select(_LOW, F.explode(after).alias(_HIGH))
    low, high = (F.col(f"{side}.{c.ITEM_INDEX}").cast("bigint") for side in (_LOW, _HIGH))
    shared = F.col(f"{_LOW}.{_SHARED_BY}").bitwiseAND(F.col(f"{_HIGH}.{_SHARED_BY}"))
    # A pair travels as one number: half the bytes in by far the largest shuffle.
    numbered = pairs.select((low * _SHIFT + high).alias(_PAIR), shared.alias(_SHARED_BY)).where(F.col(_SHARED_BY) > 0)
    counted = numbered.groupBy(_PAIR).agg(*(F.sum(_bit(bit)).alias(split) for bit, split in enumerate(splits)))
    one, other = F.shiftright(_PAIR, 32).cast("int"), F.col(_PAIR).bitwiseAND(F.lit(_SHIFT - 1)).cast("int")
    return counted.select(one.alias(_LOW), other.alias(_HIGH), *splits)


def _bit(bit: int) -> Column:
    return F.shiftright(_SHARED_BY, bit).bitwiseAND(F.lit(1))


def _likeness(split: str) -> Column:
    """0 where nobody has both."""
    both = F.col(split).cast("double")
    doubted = both / F.sqrt(F.col(f"{_LOW}_{split}") * F.col(f"{_HIGH}_{split}")) * both / (both + SHRINKAGE)
    return F.when(both > 0, doubted).otherwise(F.lit(0.0)).alias(split)
