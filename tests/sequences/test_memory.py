from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.sequences.memory import memories
from recsys.sequences.timeline import AGE, EPOCH_DAY
from recsys.settings import SequenceSettings

EVENT = f"{c.SPLIT} string, {c.USER} string, {AGE} int, {c.ITEM_INDEX} int, {EPOCH_DAY} int"
MEMORY = (
    f"{c.SPLIT} string, {c.USER} string, {c.WINDOW} int, {c.MEMORY_ITEMS} array<int>, {c.MEMORY_COUNTS} array<bigint>, "
    f"{c.MEMORY_DAYS} array<int>"
)
SETTINGS = SequenceSettings(length=8, stride=4, max_windows=3, memory=3)


def history(split, items):
    """Events of the products `items` in order of time, one a day from day 1."""
    return [(split, "u", len(items) - 1 - place, item, place + 1) for place, item in enumerate(items)]


def test_memory_is_what_came_before_the_window_by_count_then_last_day_then_index(spark):
    older = [5, 9, 9, 3, 4]
    events = spark.createDataFrame(history("push", older + [7] * 8), EVENT)
    expected = spark.createDataFrame([("push", "u", 0, [9, 4, 3], [2, 1, 1], [3, 5, 4])], MEMORY)
    assertDataFrameEqual(memories(events, SETTINGS), expected)


def test_each_training_window_remembers_only_its_own_past(spark):
    events = spark.createDataFrame(history("train", [1, 2, 1, 3, 1, 2, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]), EVENT)
    # 18 events: window 0 begins at the 11th, window 1 at the 7th, window 2 at the 3rd.
    expected = spark.createDataFrame([
        ("train", "u", 0, [9, 1, 2], [4, 3, 2], [10, 5, 6]),
        ("train", "u", 1, [1, 2, 3], [3, 2, 1], [5, 6, 4]),
        ("train", "u", 2, [2, 1], [1, 1], [2, 1]),
    ], MEMORY)
    assertDataFrameEqual(memories(events, SETTINGS), expected)


def test_products_seen_equally_often_on_one_day_come_by_index(spark):
    events = spark.createDataFrame([("push", "u", age, index, 1) for age, index in [(8, 6), (9, 2), (10, 4)]], EVENT)
    expected = spark.createDataFrame([("push", "u", 0, [2, 4, 6], [1, 1, 1], [1, 1, 1])], MEMORY)
    assertDataFrameEqual(memories(events, SETTINGS), expected)
