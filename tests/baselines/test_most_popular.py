"""Popularity and recent popularity."""

from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.baselines.popularity import Popularity, RecentPopularity, last_days, popularity
from tests.baselines.logs import lists, log, users


def test_popularity_counts_relevant_events_only(spark):
    events = log(spark, [("u", "a", 1), ("u", "a", 2), ("v", "b", 1)]).union(log(spark, [("u", "b", 1)], c.BROWSE))
    expected = spark.createDataFrame([("a", 2), ("b", 1)], f"{c.ITEM} string, {c.EVENTS} bigint")
    assertDataFrameEqual(popularity(events, [c.PURCHASE]), expected)


def test_the_last_two_days_are_the_newest_day_of_the_log_and_the_one_before(spark):
    events = log(spark, [("u", "a", 7), ("u", "b", 8), ("v", "d", 9)])
    assertDataFrameEqual(last_days(events, 2), events.where(f"{c.ITEM} != 'a'"))


def test_what_sold_most_lately_is_ranked_by_the_last_days_alone(spark):
    events = log(spark, [("u", "a", 1), ("u", "a", 2), ("v", "a", 3), ("u", "b", 9), ("v", "d", 8), ("v", "b", 8)])
    method = RecentPopularity(2, [c.PURCHASE], drop_seen=False)
    method.fit(events)
    assertDataFrameEqual(method.recommend(users(spark, "w"), 3), lists(spark, ("w", "b", 1), ("w", "d", 2)))


def test_popularity_skips_what_the_user_has_seen_when_only_new_products_are_wanted(spark):
    events = log(spark, [("u", "a", 1), ("v", "a", 1), ("v", "b", 1), ("w", "d", 1)])
    method = Popularity([c.PURCHASE], drop_seen=True)
    method.fit(events)
    assertDataFrameEqual(method.recommend(users(spark, "u", "v"), 1), lists(spark, ("u", "b", 1), ("v", "d", 1)))
