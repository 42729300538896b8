from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.sequences.timeline import AGE, EPOCH_DAY, GAP, VISITS_AFTER
from recsys.sequences.windows import windows
from recsys.settings import SequenceSettings

EVENT = f"{c.SPLIT} string, {c.USER} string, {AGE} int, {c.ITEM_INDEX} int, {c.CODE} int, {GAP} int, {EPOCH_DAY} int, {VISITS_AFTER} int"
SETTINGS = SequenceSettings(length=8, stride=6, max_windows=3)


def numbered(split, user, events):
    """Events of products 1, 2, 3 … in order of time, two to a basket."""
    return [(split, user, events - n, n, 4, 2, 100 + n, (events - n) // 2) for n in range(1, events + 1)]


def found(frame, *names):
    return sorted(tuple(row) for row in frame.select(c.SPLIT, c.USER, c.WINDOW, *names).collect())


def test_a_short_history_is_padded_at_the_end(spark):
    events = spark.createDataFrame([
        ("push", "u", 0, 7, 5, 19, 12, 1), ("push", "u", 1, 9, 1, 2, 11, 2), ("push", "u", 2, 8, 4, 1, 11, 2),
    ], EVENT)
    expected = spark.createDataFrame([(
        "push", "u", 0, 3, [8, 9, 7, 0, 0, 0, 0, 0], [4, 1, 5, 0, 0, 0, 0, 0], [1, 2, 19, 0, 0, 0, 0, 0],
        [11, 11, 12, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0, 0, 0],
    )], f"{c.SPLIT} string, {c.USER} string, {c.WINDOW} int, {c.LENGTH} int, " + ", ".join(
        f"{name} array<int>" for name in (c.ITEMS, c.BEHAVIOURS, c.GAPS, c.DAYS, c.VISITS)))
    assertDataFrameEqual(windows(events, SETTINGS), expected)


def test_training_windows_step_back_from_the_latest_event_until_the_first_is_covered(spark):
    events = spark.createDataFrame(numbered("train", "u", 15), EVENT)
    assert found(windows(events, SETTINGS), c.LENGTH, c.ITEMS) == [
        ("train", "u", 0, 8, [8, 9, 10, 11, 12, 13, 14, 15]),
        ("train", "u", 1, 8, [2, 3, 4, 5, 6, 7, 8, 9]),
        ("train", "u", 2, 3, [1, 2, 3, 0, 0, 0, 0, 0]),
    ]


def test_a_window_that_would_add_no_event_is_left_out(spark):
    events = spark.createDataFrame(numbered("train", "u", 8) + numbered("train", "v", 14), EVENT)
    assert [row[:3] for row in found(windows(events, SETTINGS))] == [("train", "u", 0), ("train", "v", 0), ("train", "v", 1)]


def test_no_more_windows_than_allowed_and_one_where_nothing_is_trained(spark):
    events = spark.createDataFrame(numbered("train", "u", 40) + numbered("test", "u", 40), EVENT)
    assert found(windows(events, SETTINGS)) == [("test", "u", 0), ("train", "u", 0), ("train", "u", 1), ("train", "u", 2)]


def test_visits_count_baskets_from_the_first_event_of_the_window(spark):
    events = spark.createDataFrame(numbered("test", "u", 11), EVENT)
    assert found(windows(events, SETTINGS), c.VISITS) == [("test", "u", 0, [0, 0, 1, 1, 2, 2, 3, 3])]


def test_windows_that_do_not_overlap_hold_every_event_once(spark):
    events = spark.createDataFrame(numbered("train", "u", 21), EVENT)
    side_by_side = SequenceSettings(length=8, stride=8)
    held = [item for *_, items in found(windows(events, side_by_side), c.ITEMS) for item in items if item]
    assert sorted(held) == list(range(1, 22))
