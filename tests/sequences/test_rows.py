"""Whole rows on small logs, and random logs against a second, slow and simple way of working them out."""

import random
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.sequences.liked import TARGET_WIDTH
from recsys.sequences.rows import beside_users, sequence_rows, spread, with_roles
from recsys.settings import SequenceSettings, Settings, SplitSettings
from recsys.split import PUSH, TEST, TRAIN, VALIDATION
from recsys.tables import SEQUENCES

DS, NIGHT_BEFORE = date(1970, 2, 1), date(1970, 1, 31)  # days 31 and 30
SPLITS = (TRAIN, VALIDATION, TEST, PUSH)
EVENT = f"{c.EVENT_ID} string, {c.USER} string, {c.ITEM} string, {c.BEHAVIOUR} string, {c.TIME} timestamp, {c.BASKET} string, {c.DAY} date"
KNOWN = {f"p{number}": number for number in range(1, 13)}


def shop(kind="time", **sequences):
    split = SplitSettings(kind=kind, test_days=5, validation_days=3)  # validation from day 24, test from day 27
    return Settings(source="sources/shop.yaml", split=split, sequences=SequenceSettings(**({"length": 8, "stride": 6, "memory": 4} | sequences)))


def event(number, user, item, behaviour, day, hour=12):
    when = datetime(1970, 1, 1, hour) + timedelta(days=day)
    return f"e{number:05}", user, item, behaviour, when, f"b{day}", when.date()


def rows_of(spark, events, settings, splits=SPLITS):
    vocabulary = spark.createDataFrame(list(KNOWN.items()), f"{c.ITEM} string, {c.ITEM_INDEX} int")
    roles = with_roles(spark.createDataFrame(events, EVENT), settings.split, DS)
    return sequence_rows(roles, splits, vocabulary, settings, DS)


def picked(frame, *names):
    return sorted(tuple(row) for row in frame.select(c.SPLIT, c.USER, *names).collect())


def test_each_split_sees_its_own_past_and_asks_for_its_own_day(spark):
    events = [event(day, "u", item, c.PURCHASE, day) for day, item in [(10, "p1"), (24, "p2"), (27, "p3"), (32, "p4")]]
    rows = rows_of(spark, events, shop())
    assert picked(rows, c.LENGTH, F.slice(c.ITEMS, 1, 4), c.QUERY_DAY) == [
        (PUSH, "u", 3, [1, 2, 3, 0], 32), (TEST, "u", 2, [1, 2, 0, 0], 27),
        (TRAIN, "u", 1, [1, 0, 0, 0], 24), (VALIDATION, "u", 1, [1, 0, 0, 0], 24),
    ]


def test_validation_asks_for_distinct_liked_products_of_the_vocabulary_earliest_first(spark):
    events = [event(1, user, "p1", c.PURCHASE, 10) for user in ("u", "browser")] + [
        event(5, "u", "p7", c.PURCHASE, 25), event(6, "u", "p2", c.REPURCHASE, 24), event(7, "u", "p7", c.REPURCHASE, 24, 13),
        event(8, "u", "rare", c.PURCHASE, 24), event(9, "u", "p9", c.BROWSE, 24), event(10, "browser", "p3", c.BROWSE, 24),
    ]
    expected = [(TRAIN, "browser", [0] * TARGET_WIDTH), (TRAIN, "u", [0] * TARGET_WIDTH),
                (VALIDATION, "u", [2, 7] + [0] * (TARGET_WIDTH - 2))]
    assert picked(rows_of(spark, events, shop(), (TRAIN, VALIDATION)), c.TARGETS) == expected


def test_leaving_one_out_never_counts_a_return_and_asks_on_the_day_of_the_last_event(spark):
    events = [event(day, "u", f"p{day}", c.PURCHASE, day) for day in (1, 2, 3, 4)] + [event(9, "u", "p9", c.RETURN, 5)]
    rows = rows_of(spark, events, shop("leave_one_out"))
    assert picked(rows, F.slice(c.ITEMS, 1, 5), c.QUERY_DAY, F.col(c.TARGETS)[0]) == [
        (PUSH, "u", [1, 2, 3, 4, 0], 4, 0), (TEST, "u", [1, 2, 3, 0, 0], 3, 0),
        (TRAIN, "u", [1, 2, 0, 0, 0], 2, 0), (VALIDATION, "u", [1, 2, 0, 0, 0], 2, 3),
    ]


def test_a_user_without_a_known_product_or_a_wanted_behaviour_has_no_row(spark):
    events = [event(1, "u", "rare", c.PURCHASE, 10), event(2, "v", "p1", c.BROWSE, 10), event(3, "w", "p1", c.CART, 10)]
    assert picked(rows_of(spark, events, shop(behaviours=(c.CART,)), (PUSH,))) == [(PUSH, "w")]


def test_rows_stand_beside_their_user_and_validation_takes_those_of_training(spark):
    rows = rows_of(spark, [event(1, "u", "p1", c.PURCHASE, 10), event(2, "u", "p2", c.PURCHASE, 24)], shop())
    segments = spark.createDataFrame([("u", TRAIN, 2), ("u", TEST, 3)], f"{c.USER} string, {c.SPLIT} string, {c.SEGMENT} int")
    attributes = spark.createDataFrame(
        [("u", TRAIN, [0.25, 1.0]), ("u", TEST, [0.5, 0.0])], f"{c.USER} string, {c.SPLIT} string, {c.ATTRIBUTES} array<float>"
    )
    whole = beside_users(rows, segments, attributes, 2, DS, NIGHT_BEFORE)
    assert dict(whole.dtypes) == SEQUENCES.columns
    assert picked(whole, c.SEGMENT, c.ATTRIBUTES, c.DAY, c.MODEL_DAY) == [
        (PUSH, "u", -1, [0.0, 0.0], DS, NIGHT_BEFORE), (TEST, "u", 3, [0.5, 0.0], DS, NIGHT_BEFORE),
        (TRAIN, "u", 2, [0.25, 1.0], DS, NIGHT_BEFORE), (VALIDATION, "u", 2, [0.25, 1.0], DS, NIGHT_BEFORE),
    ]


def test_rows_are_spread_over_the_files_alike_however_they_come(spark):
    rows = spark.range(400).select(
        F.col("id").cast("string").alias(c.USER), F.lit(0).alias(c.WINDOW), F.lit(TRAIN).alias(c.SPLIT), F.lit(DS).alias(c.DAY)
    )
    def placed(some):
        return spread(some, 4).withColumn("file", F.spark_partition_id())

    counts = [row["count"] for row in placed(rows).groupBy("file").count().collect()]
    assert len(counts) == 4 and max(counts) < 1.3 * min(counts)
    assertDataFrameEqual(placed(rows), placed(rows.orderBy(F.rand(1))))


def random_log(seed):
    draw, events = random.Random(seed), []
    for user in range(12):
        for _ in range(draw.choice([1, 3, 8, 9, 20, 45])):
            item = f"p{int(draw.paretovariate(0.8))}"
            number, behaviour = draw.randrange(100_000), draw.choice((*c.BEHAVIOUR_ORDER, c.RETURN))
            events.append(event(number, f"u{user}", item, behaviour, draw.randrange(31), draw.choice([12, 12, 13])))
    return list({row[0]: row for row in events}.values())


def by_hand(events, settings):
    """The windows and memories of the train and push splits, one user, window and event at a time."""
    shape, found = settings.sequences, {}
    for split, end, most in [(TRAIN, 24, shape.max_windows), (PUSH, 32, 1)]:
        for user in {row[1] for row in events}:
            past = sorted((row[4], row[0], row[2], row[3], (row[6] - date(1970, 1, 1)).days) for row in events
                          if row[1] == user and row[3] != c.RETURN and row[2] in KNOWN)
            past = [row for row in past if row[4] < end]
            for window in range(most):
                stop = len(past) - window * shape.stride
                start = max(stop - shape.length, 0)
                if stop <= 0 or (window and stop + shape.stride - shape.length <= 0):
                    break
                found[split, user, window] = (*a_window(past, start, stop, shape.length), *a_memory(past[:start], shape.memory))
    return found


def a_window(past, start, stop, length):
    def bucket(place):
        if place == 0:
            return 1
        return min(int((past[place][0] - past[place - 1][0]).total_seconds()).bit_length() + 2, 31)

    def full(values):
        return [*values, *[0] * (length - (stop - start))]

    events, visits = past[start:stop], [0]
    for before, after in zip(events, events[1:]):
        visits.append(visits[-1] + (before[4] != after[4]))  # a basket is a day here
    return (
        stop - start, full(KNOWN[row[2]] for row in events), full(c.BEHAVIOUR_ORDER.index(row[3]) + 1 for row in events),
        full(bucket(place) for place in range(start, stop)), full(row[4] for row in events), full(visits),
    )


def a_memory(before, size):
    counts, last = Counter(KNOWN[row[2]] for row in before), {KNOWN[row[2]]: row[4] for row in before}
    best = sorted(counts, key=lambda item: (-counts[item], -last[item], item))[:size]
    padding = [0] * (size - len(best))
    return best + padding, [float(counts[item]) for item in best] + padding, [last[item] for item in best] + padding


@pytest.mark.parametrize("seed, settings", [
    (1, shop()), (2, shop(stride=8, memory=2)), (3, shop(stride=11, max_windows=2)), (4, shop(length=10, stride=1)),
])
def test_random_logs_give_what_working_them_out_by_hand_gives(spark, seed, settings):
    events = random_log(seed)
    rows = rows_of(spark, events, settings, (TRAIN, PUSH)).select(
        c.SPLIT, c.USER, c.WINDOW, c.LENGTH, c.ITEMS, c.BEHAVIOURS, c.GAPS, c.DAYS, c.VISITS,
        c.MEMORY_ITEMS, c.MEMORY_COUNTS, c.MEMORY_DAYS,
    )
    assert {tuple(row[:3]): tuple(row[3:]) for row in rows.collect()} == by_hand(events, settings)
