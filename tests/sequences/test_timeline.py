from datetime import date, datetime, timedelta

import pytest
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.sequences.timeline import AGE, EPOCH_DAY, GAP, VISITS_AFTER, gap_bucket, timeline
from recsys.split import BY_CHANCE

SECOND, MINUTE, HOUR, DAY = 1, 60, 3_600, 86_400
EVENTS = f"{c.EVENT_ID} string, {c.USER} string, {c.ITEM} string, {c.BEHAVIOUR} string, {c.TIME} timestamp, {c.BASKET} string, {c.DAY} date, {c.ROLE} string"
TIMELINE = f"{c.SPLIT} string, {AGE} int, {c.USER} string, {c.ITEM_INDEX} int, {c.CODE} int, {GAP} int, {EPOCH_DAY} int, {VISITS_AFTER} int"


def test_gap_buckets_grow_with_the_logarithm_of_the_gap(spark):
    gaps = [
        (None, 1), (0, 2), (SECOND, 3), (2, 4), (3, 4), (4, 5), (MINUTE, 8), (HOUR, 14), (DAY, 19), (7 * DAY, 22),
        (30 * DAY, 24), (365 * DAY, 27), (2**28 - 1, 30), (2**28, 31), (2**40, 31),
    ]
    buckets = spark.createDataFrame(gaps, "seconds bigint, expected int")
    found = buckets.select("seconds", gap_bucket(F.col("seconds")).alias("expected"))
    assertDataFrameEqual(found, buckets)


@pytest.mark.parametrize("low, high", [(2**power - 1, 2**power) for power in (3, 10, 29)])
def test_a_power_of_two_opens_its_bucket(spark, low, high):
    row = spark.range(1).select(gap_bucket(F.lit(low)), gap_bucket(F.lit(high))).first()
    assert row[1] == min(row[0] + 1, 31)


def test_events_are_ordered_by_time_then_event_id_and_each_split_counts_back_from_its_own_end(spark):
    noon, later = datetime(1970, 1, 2, 12), datetime(1970, 1, 3, 12)
    first, second = date(1970, 1, 2), date(1970, 1, 3)
    events = spark.createDataFrame([
        ("e3", "u", "tea", c.PURCHASE, later, "b2", second, "test"),
        ("e2", "u", "tea", c.BROWSE, noon, "b1", first, "train"),
        ("e1", "u", "jam", c.COMMENT, noon, "b1", first, "train"),
        ("e0", "u", "unknown", c.BROWSE, noon, "b0", first, "train"),
    ], EVENTS)
    vocabulary = spark.createDataFrame([("tea", 1), ("jam", 2)], f"{c.ITEM} string, {c.ITEM_INDEX} int")
    expected = spark.createDataFrame([
        ("train", 1, "u", 2, 6, 1, 1, 2), ("train", 0, "u", 1, 1, 2, 1, 2),
        ("push", 2, "u", 2, 6, 1, 1, 2), ("push", 1, "u", 1, 1, 2, 1, 2), ("push", 0, "u", 1, 4, 19, 2, 1),
    ], TIMELINE)
    assertDataFrameEqual(timeline(events, ("train", "push"), vocabulary), expected)


def test_in_a_random_split_hidden_events_leave_no_trace_in_gaps_and_visits(spark):
    noon, first, second = datetime(1970, 1, 2, 12), date(1970, 1, 2), date(1970, 1, 3)
    events = spark.createDataFrame([
        ("e1", "u", "tea", c.BROWSE, noon, "b1", first, "train"),
        ("e2", "u", "jam", c.BROWSE, noon + timedelta(hours=23), "b2", second, "test"),
        ("e3", "u", "tea", c.BROWSE, noon + timedelta(hours=24), "b3", second, "train"),
    ], EVENTS).withMetadata(c.ROLE, {BY_CHANCE: True})
    vocabulary = spark.createDataFrame([("tea", 1), ("jam", 2)], f"{c.ITEM} string, {c.ITEM_INDEX} int")
    expected = spark.createDataFrame([
        ("train", 1, "u", 1, 1, 1, 1, 2), ("train", 0, "u", 1, 1, 19, 2, 1),
        ("push", 2, "u", 1, 1, 1, 1, 3), ("push", 1, "u", 2, 1, 19, 2, 2), ("push", 0, "u", 1, 1, 14, 2, 1),
    ], TIMELINE)
    assertDataFrameEqual(timeline(events, ("train", "push"), vocabulary), expected)
