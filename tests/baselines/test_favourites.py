"""A user's own favourites."""

from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.baselines.favourites import OwnFavourites
from tests.baselines.logs import lists, log, users


def test_favourites_are_ordered_by_count_then_by_the_last_event_then_by_product(spark):
    bought = [("u", "a", 1), ("u", "a", 2), ("u", "b", 3), ("u", "e", 4), ("u", "d", 4), ("v", "z", 9)]
    method = OwnFavourites(None, drop_seen=False)
    method.fit(log(spark, bought))
    expected = lists(spark, ("u", "a", 1), ("u", "d", 2), ("u", "e", 3), ("u", "b", 4))
    assertDataFrameEqual(method.recommend(users(spark, "u", "stranger"), 9), expected)


def test_whatever_was_done_with_a_product_counts(spark):
    bought, browsed = [("u", "a", 7), ("u", "a", 8)], [("u", "b", 1), ("u", "b", 2), ("u", "b", 3)]
    method = OwnFavourites(None, drop_seen=False)
    method.fit(log(spark, bought).union(log(spark, browsed, c.BROWSE)))
    assertDataFrameEqual(method.recommend(users(spark, "u"), 9), lists(spark, ("u", "b", 1), ("u", "a", 2)))


def test_with_a_half_life_what_was_touched_long_ago_counts_less(spark):
    # The history ends on day 9. a: 3 events, the last 8 days ago, 3 / 4; b: 2 events, 4 days ago, 2 / 2; d: 1 event, today, 1.
    events = log(spark, [("u", "a", 1), ("u", "a", 1), ("u", "a", 1), ("u", "b", 2), ("u", "b", 5), ("u", "d", 9)])
    method = OwnFavourites(4.0, drop_seen=False)
    method.fit(events)
    assertDataFrameEqual(method.recommend(users(spark, "u"), 9), lists(spark, ("u", "d", 1), ("u", "b", 2), ("u", "a", 3)))
