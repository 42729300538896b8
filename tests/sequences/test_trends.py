from datetime import date, datetime

import numpy as np
import pytest

from recsys import columns as c
from recsys.sequences.rows import with_roles
from recsys.sequences.trends import lately_of, trends
from recsys.settings import Settings
from recsys.split import PUSH, TEST, TRAIN
from recsys.tables import TRENDS

DS, DAY_BEFORE = date(2024, 1, 20), date(2024, 1, 19)
EVENTS = f"{c.USER} string, {c.TIME} timestamp, {c.EVENT_ID} string, {c.ITEM} string, {c.BEHAVIOUR} string, {c.DAY} date"


def settings(**split):
    return Settings(source="shop.yaml", sequences={"trend_days": 3}, split={"kind": "time", "test_days": 5, "validation_days": 5} | split)


@pytest.fixture
def counted(spark):
    """What is counted of `events`: a user, the day of January, the product and the behaviour."""
    def count(events, with_settings, splits=(TRAIN, TEST, PUSH)):
        rows = [
            (user, datetime(2024, 1, day, 12), f"e{place:03}", item, behaviour, date(2024, 1, day))
            for place, (user, day, item, behaviour) in enumerate(events)
        ]
        log = with_roles(spark.createDataFrame(rows, EVENTS).repartition(3), with_settings.split, DS)
        vocabulary = spark.createDataFrame([("tea", 1), ("jam", 2)], f"{c.ITEM} string, {c.ITEM_INDEX} int")
        return trends(log, splits, vocabulary, with_settings, DS, DAY_BEFORE)

    return count


def found(rows):
    return {(row[c.SPLIT], row[c.ITEM_INDEX]): row[c.USERS] for row in rows.collect()}


def test_each_split_counts_the_users_of_its_own_last_days(counted):
    events = [
        ("ann", 7, "tea", "purchase"),  # a day too early for every split
        ("ann", 8, "tea", "purchase"), ("ann", 10, "tea", "repurchase"), ("bob", 10, "tea", "purchase"), ("bob", 9, "jam", "purchase"),
        ("ann", 12, "jam", "purchase"), ("ann", 13, "jam", "purchase"),  # validation: before and in the last days of the history of test
        ("ann", 16, "tea", "purchase"), ("bob", 20, "tea", "purchase"), ("cat", 18, "tea", "purchase"),
        ("cat", 20, "pie", "purchase"), ("cat", 20, "jam", "browse"), ("cat", 20, "jam", "return"),  # not numbered, not what lists lead to
    ]
    rows = counted(events, settings())
    assert rows.columns == [*TRENDS.columns] and rows.select(c.MODEL_DAY, c.DAY).first() == (DAY_BEFORE, DS)
    assert found(rows) == {(TRAIN, 1): 2, (TRAIN, 2): 1, (TEST, 2): 1, (PUSH, 1): 2}
    assert found(counted(events, settings(), splits=(PUSH,))) == {(PUSH, 1): 2}


def test_held_out_events_do_not_count_whatever_their_day(counted):
    events = [("ann", 18, "tea", "purchase"), ("ann", 19, "jam", "purchase"), ("ann", 20, "tea", "purchase"), ("bob", 20, "jam", "purchase")]
    assert found(counted(events, settings(kind="leave_one_out"))) == {
        (TRAIN, 1): 1, (TEST, 1): 1, (TEST, 2): 1, (PUSH, 1): 1, (PUSH, 2): 2,
    }


def test_a_day_is_read_as_an_array_and_one_on_which_nobody_chose_anything_is_all_zeros(counted, lake):
    lake.replace_day(counted([("ann", 20, "jam", "purchase"), ("bob", 19, "jam", "purchase")], settings()), TRENDS, DS)
    np.testing.assert_array_equal(lately_of(lake, DS, PUSH, 3), np.array([0, 0, 2, 0], np.float32))
    assert not lately_of(lake, DS, TRAIN, 3).any() and lately_of(lake, DAY_BEFORE, PUSH, 3).shape == (4,)
