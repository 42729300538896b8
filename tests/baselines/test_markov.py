"""First-order Markov chain."""

from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.baselines.markov import Markov, last_products, transitions
from recsys.settings import SplitSettings
from recsys.split import TEST, history, with_role
from tests.baselines.logs import day, lists, log, users


def test_transitions_count_what_directly_followed_within_a_user_and_events_of_one_moment_go_by_event_id(spark):
    events = log(spark, [("u", "a", 1), ("u", "b", 1), ("u", "a", 2), ("u", "b", 3), ("v", "b", 1), ("v", "d", 2)])
    expected = spark.createDataFrame(
        [("a", "b", 2, 3), ("b", "a", 1, 2), ("b", "d", 1, 1)], f"{c.ITEM} string, {c.FOLLOWER} string, {c.EVENTS} bigint, occurrences bigint",
    )
    assertDataFrameEqual(transitions(events), expected)


def test_the_last_product_is_that_of_the_greatest_event_id_of_the_last_moment(spark):
    events = log(spark, [("u", "z", 3), ("u", "b", 3), ("u", "a", 2), ("v", "d", 1)])
    expected = spark.createDataFrame([("u", "b"), ("v", "d")], f"{c.USER} string, {c.ITEM} string")
    assertDataFrameEqual(last_products(events), expected)


def test_leave_one_out_recommends_what_followed_the_last_product_but_the_held_out_one(spark):
    # Held out: u's d, v's z, w's e. b was followed by d twice (v, w), by a once (w); of a and e, each
    # followed once, a occurs twice in the history and e once. After a, w's last product, u bought b;
    # nothing followed e, v's last.
    events = log(spark, [
        ("u", "a", 1), ("u", "b", 2), ("u", "d", 3),
        ("v", "b", 1), ("v", "d", 2), ("v", "b", 3), ("v", "e", 4), ("v", "z", 5),
        ("w", "b", 1), ("w", "d", 2), ("w", "b", 3), ("w", "a", 4), ("w", "e", 5),
    ])
    method = Markov(drop_seen=False)
    method.fit(history(with_role(events, SplitSettings(kind="leave_one_out"), day(9)), TEST))
    expected = lists(spark, ("u", "d", 1), ("u", "a", 2), ("u", "e", 3), ("w", "b", 1))
    assertDataFrameEqual(method.recommend(users(spark, "u", "v", "w"), 5), expected)


def test_followers_that_the_user_has_seen_are_skipped_before_the_list_is_cut(spark):
    events = log(spark, [("u", "b", 1), ("u", "a", 2), ("v", "a", 1), ("v", "b", 2), ("w", "a", 1), ("w", "d", 2)])
    method = Markov(drop_seen=True)
    method.fit(events)
    assertDataFrameEqual(method.recommend(users(spark, "u"), 1), lists(spark, ("u", "d", 1)))
