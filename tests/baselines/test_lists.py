"""Ranking candidates and completing lists."""

from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.baselines.lists import completed, ranked, without
from tests.baselines.logs import lists, users


def test_equal_candidates_are_ranked_by_product_and_the_rest_cut_off(spark):
    candidates = spark.createDataFrame([("u", "b", 1.0), ("u", "d", 0.5), ("u", "a", 1.0), ("v", "d", 0.1)], [c.USER, c.ITEM, c.SCORE])
    expected = lists(spark, ("u", "a", 1), ("u", "b", 2), ("v", "d", 1))
    assertDataFrameEqual(ranked(candidates, [F.desc(c.SCORE)], n=2), expected)


def test_seen_products_are_left_out_of_their_own_user_only(spark):
    candidates = spark.createDataFrame([("u", "a"), ("u", "b"), ("v", "a")], [c.USER, c.ITEM])
    seen = spark.createDataFrame([("u", "a")], [c.USER, c.ITEM])
    assertDataFrameEqual(without(candidates, seen), spark.createDataFrame([("u", "b"), ("v", "a")], [c.USER, c.ITEM]))


def test_a_list_is_filled_with_the_most_popular_products_it_lacks_and_users_without_one_get_a_whole_one(spark):
    popular = spark.createDataFrame([("a", 5), ("b", 9), ("d", 5), ("e", 1)], f"{c.ITEM} string, {c.EVENTS} bigint")
    own = lists(spark, ("u", "z", 1), ("u", "b", 2), ("w", "e", 1))
    expected = lists(
        spark, ("u", "z", 1), ("u", "b", 2), ("u", "a", 3), ("v", "b", 1), ("v", "a", 2), ("v", "d", 3),
    )
    assertDataFrameEqual(completed(own, users(spark, "u", "v"), popular, n=3), expected)


def test_a_list_is_not_filled_with_products_that_its_user_has_seen(spark):
    popular = spark.createDataFrame([("a", 9), ("b", 8), ("d", 7), ("e", 6), ("f", 5)], f"{c.ITEM} string, {c.EVENTS} bigint")
    seen = spark.createDataFrame([("u", "a"), ("u", "b"), ("u", "e")], [c.USER, c.ITEM])
    expected = lists(spark, ("u", "z", 1), ("u", "d", 2), ("v", "a", 1), ("v", "b", 2))
    assertDataFrameEqual(completed(lists(spark, ("u", "z", 1)), users(spark, "u", "v"), popular, 2, seen), expected)
