"""Association rules: which products go together in baskets, whatever was done with them (Spark's FP-growth)."""

from __future__ import annotations

from pyspark.ml.fpm import FPGrowth, FPGrowthModel
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.lists import ranked, seen_products, without
from recsys.baselines.method import Keep, as_is
from recsys.baselines.popularity import last_days

_PARTS, _MET, _RULE = "parts", "met", "rule"
_DECIMALS = 6  # below that a difference between scores is rounding, and the product breaks the tie


def baskets(history: DataFrame, size: int) -> DataFrame:
    """The distinct products of each basket, at most `size`, those in most baskets first: [items].

    Where a source has no baskets, what a user did on one day is one. FP-growth in Spark cannot limit the
    size of an itemset, and a few like baskets of m products alone make 2^m of them, so the cut is the limit.
    Given a time, short baskets with a low support make better rules than long ones with a high support.
    """
    basket = F.coalesce(c.BASKET, F.col(c.DAY).cast("string")).alias(c.BASKET)
    lines = history.select(c.USER, basket, c.ITEM).distinct()
    frequency = lines.groupBy(c.ITEM).agg(F.count("*").alias(c.EVENTS))
    commonest = Window.partitionBy(c.USER, c.BASKET).orderBy(F.desc(c.EVENTS), c.ITEM)
    placed = lines.join(frequency, on=c.ITEM, how="inner").withColumn(c.RANK, F.row_number().over(commonest))
    return placed.where(F.col(c.RANK) <= size).groupBy(c.USER, c.BASKET).agg(F.collect_list(c.ITEM).alias(c.ITEMS)).select(c.ITEMS)


def rules_of(model: FPGrowthModel) -> DataFrame:
    """[antecedent, consequent, confidence], one product in every consequent."""
    return model.associationRules.select(c.ANTECEDENT, F.element_at(c.CONSEQUENT, 1).alias(c.CONSEQUENT), c.CONFIDENCE)


def times_bought(history: DataFrame) -> DataFrame:
    """How often a user turned to a product: [user_id, item_id, events]."""
    return history.groupBy(c.USER, c.ITEM).agg(F.count("*").alias(c.EVENTS))


def votes(rules: DataFrame, bought: DataFrame) -> DataFrame:
    """What the rules suggest to each user: [user_id, item_id, score].

    A rule applies to a user who turned to all of its antecedent. It then votes for its consequent with its
    confidence, once for every time the user turned to the antecedent (its rarest product).

    Args:
        rules: [antecedent, consequent, confidence].
        bought: [user_id, item_id, events], distinct products.
    """
    named = rules.withColumns({_PARTS: F.size(c.ANTECEDENT), _RULE: F.array_join(F.array_sort(c.ANTECEDENT), "\n")})
    parts = named.withColumn(c.ITEM, F.explode(c.ANTECEDENT))
    met = bought.join(parts, on=c.ITEM, how="inner").groupBy(c.USER, _RULE, c.CONSEQUENT, c.CONFIDENCE, _PARTS)
    applying = met.agg(F.count("*").alias(_MET), F.min(c.EVENTS).alias(c.EVENTS)).where(F.col(_MET) == F.col(_PARTS))
    score = F.round(F.sum(F.col(c.CONFIDENCE) * F.col(c.EVENTS)), _DECIMALS)
    return applying.groupBy(c.USER, F.col(c.CONSEQUENT).alias(c.ITEM)).agg(score.alias(c.SCORE))


class AssociationRules:
    """Products that go with what the user turned to in the last days, by the votes of all rules that apply."""

    name = "association_rules"

    def __init__(
        self, min_support: float, min_baskets: int, min_confidence: float, basket_size: int, days: int, drop_seen: bool,
        keep: Keep = as_is,
    ) -> None:
        """
        Args:
            min_support: share of all baskets that must hold an itemset; never fewer than `min_baskets`.
            min_confidence: of a rule.
            basket_size: products of a basket that are looked at, see `baskets`.
            days: the last days of the history, whose events are the antecedents.
        """
        self._min_support, self._min_baskets, self._min_confidence = min_support, min_baskets, min_confidence
        self._basket_size, self._days = basket_size, days
        self._drop_seen, self._keep = drop_seen, keep

    def fit(self, history: DataFrame) -> None:
        held = self._keep(baskets(history, self._basket_size))
        support = max(self._min_support, self._min_baskets / max(held.count(), 1))
        mining = FPGrowth(itemsCol=c.ITEMS, minSupport=min(support, 1.0), minConfidence=self._min_confidence)
        self._rules = self._keep(rules_of(mining.fit(held)))
        self._bought = self._keep(times_bought(last_days(history, self._days)))
        self._seen = self._keep(seen_products(history)) if self._drop_seen else None

    def recommend(self, users: DataFrame, n: int) -> DataFrame:
        asked = self._bought.join(users.select(c.USER), on=c.USER, how="left_semi")
        return ranked(without(votes(self._rules, asked), self._seen), [F.desc(c.SCORE)], n)
