"""How widely a user shops: distinct products and categories, and the entropy of each."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.split import in_history
from recsys.users import attributes as a

_N, _ITEM_N_LN_N = "n", "item_n_ln_n"
_DIGITS = 9  # entropies are sums of fractions: rounding hides in which order they were added


def variety(seen: DataFrame, products: DataFrame, splits: Sequence[str]) -> DataFrame:
    """One row per user and split of `seen`, from `with_role`; returns do not count.

    Entropy is in nats over the user's events: 0 for a user of one product, ln(n) for n products equally often.
    """
    by_category = (
        _by_item(seen, products, splits)
        .groupBy(c.USER, c.SPLIT, c.CATEGORY)
        .agg(
            F.count(F.lit(1)).alias(a.N_ITEMS),
            F.sum(_n_ln_n()).alias(_ITEM_N_LN_N),
            F.sum(_N).alias(_N),
        )
    )
    return by_category.groupBy(c.USER, c.SPLIT).agg(
        F.sum(a.N_ITEMS).alias(a.N_ITEMS),
        F.count(F.lit(1)).alias(a.N_CATEGORIES),
        _entropy(F.sum(_ITEM_N_LN_N)).alias(a.ITEM_ENTROPY),
        _entropy(F.sum(_n_ln_n())).alias(a.CATEGORY_ENTROPY),
    )


def _by_item(seen: DataFrame, products: DataFrame, splits: Sequence[str]) -> DataFrame:
    """One row per user, split and product: events are counted for every split in one pass, then set apart."""
    counts = (
        seen.where(F.col(c.BEHAVIOUR) != c.RETURN)
        .groupBy(c.USER, c.ITEM)
        .agg(*[F.count_if(in_history(split)).alias(split) for split in splits])
        .join(products.select(c.ITEM, c.CATEGORY), on=c.ITEM, how="left")
    )
    return counts.unpivot([c.USER, c.CATEGORY], list(splits), c.SPLIT, _N).where(F.col(_N) > 0)


def _n_ln_n() -> Column:
    return F.col(_N) * F.log(F.col(_N))


def _entropy(sum_of_n_ln_n: Column) -> Column:
    """-Σ p ln p with p = n/N, rewritten as ln N - Σ n ln n / N so that one sum is enough."""
    events = F.sum(_N)
    return F.round(F.greatest(F.log(events) - sum_of_n_ln_n / events, F.lit(0.0)), _DIGITS)
