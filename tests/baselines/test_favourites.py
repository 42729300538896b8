"""A user's own favourites."""

from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.baselines.favourites import OwnFavourites
from tests.baselines.logs import lists, log, users


def test_favourites_are_ordered_by_count_then_by_last_purchase_then_by_product(spark):
    bought = [("u", "a", 1), ("u", "a", 2), ("u", "b", 3), ("u", "e", 4), ("u", "d", 4), ("v", "z", 9)]
    browsed = [("u", "z", 5), ("u", "z", 6), ("u", "z", 7)]
    method = OwnFavourites([c.PURCHASE], drop_seen=False)
    method.fit(log(spark, bought).union(log(spark, browsed, c.BROWSE)))
    expected = lists(spark, ("u", "a", 1), ("u", "d", 2), ("u", "e", 3), ("u", "b", 4))
    assertDataFrameEqual(method.recommend(users(spark, "u", "stranger"), 9), expected)
