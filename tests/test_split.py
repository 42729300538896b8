from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys import split
from recsys.settings import SplitSettings
from recsys.split import PUSH, TEST, TRAIN, VALIDATION, history, in_passes, targets, with_role

DS = date(2020, 1, 31)
COLUMNS = [c.USER, c.EVENT_ID, c.TIME, c.DAY]
BY_TIME = SplitSettings(kind="time", test_days=7, validation_days=3)
LEAVE_ONE_OUT = SplitSettings(kind="leave_one_out")
AT_RANDOM = SplitSettings(kind="random", test_share=0.3, validation_share=0.1)


def event(user: str, event_id: str, day: int, hour: int = 12) -> tuple:
    return user, event_id, datetime(2020, 1, day, hour), date(2020, 1, day)


def test_the_first_days_of_test_and_validation_are_counted_back_from_ds():
    assert split.test_start(BY_TIME, DS) == date(2020, 1, 25)
    assert split.validation_start(BY_TIME, DS) == date(2020, 1, 22)


def test_by_time_the_last_days_are_test_and_those_before_them_validation(spark):
    events = spark.createDataFrame([event("u", f"e{day}", day) for day in (21, 22, 24, 25, 31)], COLUMNS)
    expected = spark.createDataFrame(
        [("e21", TRAIN), ("e22", VALIDATION), ("e24", VALIDATION), ("e25", TEST), ("e31", TEST)], [c.EVENT_ID, c.ROLE]
    )
    assertDataFrameEqual(with_role(events, BY_TIME, DS).select(c.EVENT_ID, c.ROLE), expected)


@pytest.mark.parametrize("kind", [BY_TIME, LEAVE_ONE_OUT, AT_RANDOM])
def test_what_happens_after_ds_is_not_seen(spark, kind):
    events = spark.createDataFrame([event("u", "today", 20), event("u", "tomorrow", 21)], COLUMNS)
    seen = with_role(events, kind, date(2020, 1, 20)).select(c.EVENT_ID)
    assertDataFrameEqual(seen, spark.createDataFrame([("today",)], [c.EVENT_ID]))


def test_leave_one_out_tests_on_the_last_event_of_each_user_and_validates_on_the_last_but_one(spark):
    events = spark.createDataFrame([
        event("u1", "e1", 3), event("u1", "e2", 2), event("u1", "e3", 1), event("u1", "e4", 4), event("u2", "e5", 9),
    ], COLUMNS)
    expected = spark.createDataFrame(
        [("e3", TRAIN), ("e2", TRAIN), ("e1", VALIDATION), ("e4", TEST), ("e5", TEST)], [c.EVENT_ID, c.ROLE]
    )
    assertDataFrameEqual(with_role(events, LEAVE_ONE_OUT, DS).select(c.EVENT_ID, c.ROLE), expected)


def test_events_of_one_moment_are_told_apart_by_their_hash_and_not_by_their_place_in_the_file(spark):
    rows = [event("u", "b", 5), event("u", "a", 5), event("u", "c", 5)]
    expected = spark.createDataFrame([("a", TRAIN), ("b", VALIDATION), ("c", TEST)], [c.EVENT_ID, c.ROLE])
    for order in (rows, rows[::-1]):
        roles = with_role(spark.createDataFrame(order, COLUMNS), LEAVE_ONE_OUT, DS).select(c.EVENT_ID, c.ROLE)
        assertDataFrameEqual(roles, expected)


def test_a_split_looks_at_the_roles_before_it_and_is_judged_by_its_own(spark):
    roles = spark.createDataFrame([("a", TRAIN), ("b", VALIDATION), ("c", TEST)], [c.EVENT_ID, c.ROLE])
    looks_at = {name: {row[0] for row in history(roles, name).collect()} for name in (TRAIN, VALIDATION, TEST, PUSH)}
    judged_by = {name: {row[0] for row in targets(roles, name).collect()} for name in (VALIDATION, TEST)}
    assert looks_at == {TRAIN: {"a"}, VALIDATION: {"a"}, TEST: {"a", "b"}, PUSH: {"a", "b", "c"}}
    assert judged_by == {VALIDATION: {"b"}, TEST: {"c"}}


@settings(max_examples=4)
@given(strategies.lists(strategies.tuples(strategies.sampled_from("uvw"), strategies.integers(0, 40)), min_size=1, max_size=30))
def test_every_event_has_one_role_and_what_is_tested_lies_after_what_is_trained_on(spark, log):
    rows = []
    for number, (user, back) in enumerate(log):
        day = DS - timedelta(days=back)
        rows.append((user, f"e{number:02}", datetime(day.year, day.month, day.day), day))
    for kind in (BY_TIME, LEAVE_ONE_OUT):
        roles = with_role(spark.createDataFrame(rows, COLUMNS), kind, DS)
        role_of = {row[c.EVENT_ID]: row for row in roles.withColumn("moment", F.struct(c.TIME, c.EVENT_ID)).collect()}
        assert len(role_of) == len(rows) and {row[c.ROLE] for row in role_of.values()} <= {TRAIN, VALIDATION, TEST}
        age = {TRAIN: 0, VALIDATION: 1, TEST: 2}
        for one in role_of.values():
            for other in role_of.values():
                if one[c.USER] == other[c.USER] and age[one[c.ROLE]] < age[other[c.ROLE]]:
                    assert tuple(one["moment"]) < tuple(other["moment"])


def test_at_random_every_event_is_drawn_by_itself_in_the_shares_asked_for_and_always_alike(spark):
    events = spark.range(20_000).select(
        F.lit("u").alias(c.USER), F.col("id").cast("string").alias(c.EVENT_ID), F.lit(datetime(2020, 1, 5)).alias(c.TIME), F.lit(date(2020, 1, 5)).alias(c.DAY)
    )
    roles = with_role(events, AT_RANDOM, DS)
    shares = {row[c.ROLE]: row["count"] / 20_000 for row in roles.groupBy(c.ROLE).count().collect()}
    assert shares == pytest.approx({TEST: 0.3, VALIDATION: 0.07, TRAIN: 0.63}, abs=0.015)
    assert with_role(events.repartition(7), AT_RANDOM, DS).exceptAll(roles).isEmpty()


def test_only_at_random_each_split_is_put_in_order_from_its_own_history(spark):
    events = spark.createDataFrame([event("u", f"e{number}", 1 + number) for number in range(5)], COLUMNS)

    def looked_at(roles: DataFrame) -> list[tuple[DataFrame, tuple[str, ...]]]:
        seen = []
        in_passes(roles, (TRAIN, PUSH), lambda some, splits: seen.append((some, tuple(splits))) or some)
        return seen

    for kind in (BY_TIME, LEAVE_ONE_OUT):
        roles = with_role(events, kind, DS)
        assert looked_at(roles) == [(roles, (TRAIN, PUSH))]
    roles = with_role(events, AT_RANDOM, DS).where(F.col(c.EVENT_ID) != "e9")  # whoever looks at a part of them knows it too
    alone = looked_at(roles)
    assert [splits for _, splits in alone] == [(TRAIN,), (PUSH,)]
    for seen, (one,) in alone:
        assertDataFrameEqual(seen, history(roles, one))
    joined = in_passes(roles, (TRAIN, PUSH), lambda some, splits: some)
    assertDataFrameEqual(joined, history(roles, TRAIN).unionByName(history(roles, PUSH)))
