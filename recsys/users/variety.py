"""How widely a user shops: distinct products and categories, and the entropy of each."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.users import attributes as a

_EVENTS, _ITEM_SURPRISE = "n", "item_n_ln_n"
_DIGITS = 9  # entropies are sums of fractions: rounding hides in which order they were added


def variety(seen: DataFrame, products: DataFrame) -> DataFrame:
    """One row per user and split of `seen`, from `histories`; returns do not count.

    Entropy is in nats over the user's events: 0 for a user of one product, ln(n) for n products equally often.
    """
    return (
        _by_category(seen, products)
        .groupBy(c.USER, c.SPLIT)
        .agg(
            F.sum(a.N_ITEMS).alias(a.N_ITEMS),
            F.count(F.lit(1)).alias(a.N_CATEGORIES),
            _entropy(F.sum(_ITEM_SURPRISE)).alias(a.ITEM_ENTROPY),
            _entropy(F.sum(_n_ln_n())).alias(a.CATEGORY_ENTROPY),
        )
    )


def _by_category(seen: DataFrame, products: DataFrame) -> DataFrame:
    """One row per user, split and category. Users meet products first, so the join sees each pair once."""
    by_item = (
        seen.where(F.col(c.BEHAVIOUR) != c.RETURN)
        .groupBy(c.USER, c.SPLIT, c.ITEM)
        .agg(F.count(F.lit(1)).alias(_EVENTS))
    )
    return (
        by_item.join(products.select(c.ITEM, c.CATEGORY), on=c.ITEM, how="left")
        .groupBy(c.USER, c.SPLIT, c.CATEGORY)
        .agg(
            F.count(F.lit(1)).alias(a.N_ITEMS),
            F.sum(_n_ln_n()).alias(_ITEM_SURPRISE),
            F.sum(_EVENTS).alias(_EVENTS),
        )
    )


def _n_ln_n() -> Column:
    return F.col(_EVENTS) * F.log(F.col(_EVENTS))


def _entropy(sum_of_n_ln_n: Column) -> Column:
    """-Σ p ln p with p = n/N, rewritten as ln N - Σ n ln n / N so that one sum is enough."""
    events = F.sum(_EVENTS)
    return F.round(F.greatest(F.log(events) - sum_of_n_ln_n / events, F.lit(0.0)), _DIGITS)
