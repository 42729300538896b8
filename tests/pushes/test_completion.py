from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.pushes.completion import complete
from recsys.pushes.popularity import BY_SEGMENT, CATALOGUE, MODEL, NO_SEGMENT, OVERALL

SEGMENTS = f"{c.USER} string, {c.SEGMENT} int"
MODEL_ITEMS = f"{c.USER} string, {c.ITEM} string, {c.RANK} int, {c.SCORE} double"
BOUGHT = f"{c.USER} string, {c.ITEMS} array<string>"
FALLBACK = f"{c.SEGMENT} int, fallback array<struct<item_id:string,score:double,origin:string>>"
LISTS = f"{c.USER} string, {c.RANK} int, {c.ITEM} string, {c.SCORE} double, {c.ORIGIN} string"


def test_the_model_comes_first_then_the_list_of_the_segment_without_repetition(spark):
    users = spark.createDataFrame([("full",), ("half",), ("new",), ("stray",)], [c.USER])
    model_items = spark.createDataFrame(
        [("full", "a", 1, 0.1), ("full", "b", 2, 0.05), ("half", "x", 1, 0.2)], MODEL_ITEMS
    )
    segments = spark.createDataFrame([("full", 0), ("half", 0), ("new", 0)], SEGMENTS)
    fallback = spark.createDataFrame([
        (0, [("x", 0.9, BY_SEGMENT), ("y", 0.8, BY_SEGMENT), ("z", 0.3, OVERALL)]),
        (NO_SEGMENT, [("z", 0.3, OVERALL), ("a", 0.0, CATALOGUE)]),
    ], FALLBACK)

    lists = complete(users, model_items, spark.createDataFrame([], BOUGHT), segments, fallback, n=2)

    expected = spark.createDataFrame([
        ("full", 1, "a", 0.1, MODEL), ("full", 2, "b", 0.05, MODEL),
        ("half", 1, "x", 0.2, MODEL), ("half", 2, "y", 0.8, BY_SEGMENT),
        ("new", 1, "x", 0.9, BY_SEGMENT), ("new", 2, "y", 0.8, BY_SEGMENT),
        ("stray", 1, "z", 0.3, OVERALL), ("stray", 2, "a", 0.0, CATALOGUE),
    ], LISTS)
    assertDataFrameEqual(lists, expected)


def test_what_a_user_bought_is_not_filled_in_and_an_exhausted_catalogue_ends_the_list(spark):
    users = spark.createDataFrame([("ann",), ("bob",)], [c.USER])
    bought = spark.createDataFrame([("ann", ["x", "y"]), ("bob", ["x", "y", "z"])], BOUGHT)
    segments = spark.createDataFrame([("ann", 3), ("bob", 3)], SEGMENTS)
    entries = [("x", 0.9, BY_SEGMENT), ("y", 0.8, BY_SEGMENT), ("z", 0.3, OVERALL), ("q", 0.0, CATALOGUE)]
    fallback = spark.createDataFrame([(3, entries)], FALLBACK)

    lists = complete(users, spark.createDataFrame([], MODEL_ITEMS), bought, segments, fallback, n=2)

    expected = spark.createDataFrame(
        [("ann", 1, "z", 0.3, OVERALL), ("ann", 2, "q", 0.0, CATALOGUE), ("bob", 1, "q", 0.0, CATALOGUE)], LISTS
    )
    assertDataFrameEqual(lists, expected)
