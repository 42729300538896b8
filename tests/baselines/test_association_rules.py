"""Association rules over baskets."""

from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.baselines.rules import AssociationRules, baskets, times_bought, votes
from tests.baselines.logs import lists, log, users

_RULES = f"{c.ANTECEDENT} array<string>, {c.CONSEQUENT} string, {c.CONFIDENCE} double"


def test_a_basket_keeps_its_commonest_products_once_and_a_day_without_basket_is_one(spark):
    events = log(spark, [
        ("u", "a", 1, "b1"), ("u", "a", 1, "b1"), ("u", "b", 1, "b1"), ("u", "d", 1, "b1"),
        ("v", "a", 1, None), ("v", "b", 1, None), ("v", "d", 2, None), ("w", "d", 2, "b1"),
    ])
    expected = spark.createDataFrame([(["a", "d"],), (["a", "b"],), (["d"],), (["d"],)], f"{c.ITEMS} array<string>")
    found = baskets(events, size=2).selectExpr(f"sort_array({c.ITEMS}) AS {c.ITEMS}")
    assertDataFrameEqual(found, expected)


def test_rules_vote_with_their_confidence_for_every_time_their_whole_antecedent_was_bought(spark):
    rules = spark.createDataFrame([(["a"], "d", 0.5), (["a", "b"], "d", 0.25), (["a", "z"], "d", 1.0), (["b"], "a", 0.125)], _RULES)
    bought = spark.createDataFrame([("u", "a", 3), ("u", "b", 2), ("v", "z", 1)], f"{c.USER} string, {c.ITEM} string, {c.EVENTS} bigint")
    expected = spark.createDataFrame([("u", "d", 3 * 0.5 + 2 * 0.25), ("u", "a", 2 * 0.125)], f"{c.USER} string, {c.ITEM} string, {c.SCORE} double")
    assertDataFrameEqual(votes(rules, bought), expected)


def test_what_goes_with_the_last_purchases_is_recommended_and_what_is_too_rare_is_not(spark):
    # In 4 baskets: a-b twice, a-d once. a → b has confidence 2/3; a → d is held by one basket, too few.
    events = log(spark, [
        ("u", "a", 1, "1"), ("u", "b", 1, "1"), ("v", "a", 1, "2"), ("v", "b", 1, "2"),
        ("v", "a", 2, "3"), ("v", "d", 2, "3"), ("w", "a", 9, "4"), ("x", "b", 1, "5"),
    ])
    method = AssociationRules(min_support=0.1, min_baskets=2, min_confidence=0.1, basket_size=9, days=2, drop_seen=False)
    method.fit(events)
    assertDataFrameEqual(method.recommend(users(spark, "w", "x"), 5), lists(spark, ("w", "b", 1)))


def test_times_bought_counts_every_event(spark):
    events = log(spark, [("u", "a", 1), ("u", "a", 1), ("v", "a", 2)])
    expected = spark.createDataFrame([("u", "a", 2), ("v", "a", 1)], f"{c.USER} string, {c.ITEM} string, {c.EVENTS} bigint")
    assertDataFrameEqual(times_bought(events), expected)
