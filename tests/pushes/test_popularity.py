from datetime import date

from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.pushes.popularity import BY_SEGMENT, CATALOGUE, FALLBACK, NO_SEGMENT, OVERALL, fallback_lists, recent
from recsys.settings import PushSettings


def unrolled(lists):
    return lists.select(c.SEGMENT, F.posexplode(FALLBACK).alias(c.RANK, "_")).select(c.SEGMENT, c.RANK, "_.*")


def test_popularity_counts_the_buyers_of_the_last_days_up_to_the_day(spark):
    events = spark.createDataFrame([
        ("ann", "milk", c.PURCHASE, date(2024, 3, 10)),
        ("ann", "milk", c.REPURCHASE, date(2024, 3, 9)),
        ("ann", "soap", c.BROWSE, date(2024, 3, 9)),
        ("bob", "milk", c.PURCHASE, date(2024, 3, 8)),
    ], [c.USER, c.ITEM, c.BEHAVIOUR, c.DAY])
    two_days = PushSettings(popular_days=2)

    assertDataFrameEqual(recent(events, two_days, date(2024, 3, 10)), spark.createDataFrame([("ann", "milk")], [c.USER, c.ITEM]))
    touched = recent(events, PushSettings(popular_days=2, behaviour=None), date(2024, 3, 10))
    assertDataFrameEqual(touched, spark.createDataFrame([("ann", "milk"), ("ann", "soap")], [c.USER, c.ITEM]))


def test_a_list_goes_from_the_segment_to_everyone_to_the_catalogue_by_name(spark):
    chosen = spark.createDataFrame(
        [("ann", "milk"), ("bob", "soap"), ("cid", "soap"), ("dan", "tea"), ("dan", "gone")], [c.USER, c.ITEM]
    )
    segments = spark.createDataFrame([("ann", 0), ("bob", 1), ("cid", 1), ("eve", 1)], f"{c.USER} string, {c.SEGMENT} int")
    products = spark.createDataFrame(
        [("milk", "Milk"), ("soap", "Soap"), ("tea", "Tea"), ("wax", "Wax"), ("zip", "A zip")], [c.ITEM, c.NAME]
    )

    lists = fallback_lists(chosen, segments, products, depth=4)

    expected = spark.createDataFrame([
        (0, 0, "milk", 1.0, BY_SEGMENT), (0, 1, "soap", 0.5, OVERALL), (0, 2, "tea", 0.25, OVERALL), (0, 3, "zip", 0.0, CATALOGUE),
        (1, 0, "soap", 1.0, BY_SEGMENT), (1, 1, "milk", 0.25, OVERALL), (1, 2, "tea", 0.25, OVERALL), (1, 3, "zip", 0.0, CATALOGUE),
        (NO_SEGMENT, 0, "soap", 0.5, OVERALL), (NO_SEGMENT, 1, "milk", 0.25, OVERALL),
        (NO_SEGMENT, 2, "tea", 0.25, OVERALL), (NO_SEGMENT, 3, "zip", 0.0, CATALOGUE),
    ], unrolled(lists).schema)
    assertDataFrameEqual(unrolled(lists), expected)
