"""The job as a scheduler runs it: on a night that trains, again, and on a night that only pushes."""

import shutil
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from build_sequences import STAGE
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys import tables as t
from recsys.faults import BadData
from recsys.job import Night
from recsys.lake import Lake
from recsys.settings import SequenceSettings, Settings, SplitSettings
from recsys.split import PUSH, TEST, TRAIN, VALIDATION
from tests.jobs.declared import declared

DS, NEXT = date(2026, 1, 31), date(2026, 2, 1)
SETTINGS = Settings(
    source="sources/shop.yaml", split=SplitSettings(test_days=5, validation_days=3),
    sequences=SequenceSettings(length=8, stride=8, memory=4, min_item_users=2, files=2),
)


def schema(table, *extra):
    return ", ".join([*(f"{name} {kind}" for name, kind in table.columns.items()), *extra])


def purchase(number, user, item, day):
    noon = datetime.combine(day, time(12))
    return f"e{number}", user, item, c.PURCHASE, noon, f"b{day}", 1.0, 2.0, None, "shop", "log.csv", day


@pytest.fixture(scope="module")
def written(spark, tmp_path_factory):
    """A lake with all that the stage reads, for two nights; to be copied, since tests write to it."""
    lake = Lake(spark, str(tmp_path_factory.mktemp("written") / "lake"))
    first = DS - timedelta(days=20)
    bought = [("u", "tea", first), ("v", "tea", first), ("v", "jam", first), ("u", "tea", DS - timedelta(days=6)), ("v", "tea", NEXT)]
    events = [purchase(number, *row) for number, row in enumerate(bought)]
    lake.replace_where(spark.createDataFrame(events, schema(t.EVENTS)), t.EVENTS, "true", of="all")
    for ds in (DS, NEXT):
        users = [(user, split, ds) for user in "uv" for split in (TRAIN, TEST, PUSH)]
        features = spark.createDataFrame([(*row, 3.0) for row in users], schema(t.USER_FEATURES, "n_purchase double"))
        lake.replace_day(features, t.USER_FEATURES, ds)
        segments = spark.createDataFrame([(user, 1, 0.5, split, ds) for user, split, ds in users], schema(t.SEGMENTS))
        lake.replace_day(segments, t.SEGMENTS, ds)
    lake.replace_day(lake.frame([(0, "n_purchase", "linear", 1.0, 5.0)], t.NORMALIZER, DS), t.NORMALIZER, DS)
    return lake


@pytest.fixture
def shop(spark, written, tmp_path):
    return Lake(spark, str(shutil.copytree(written.root, tmp_path / "lake")))


def run(night):
    STAGE.run(declared(STAGE, night))


def windows(lake, ds):
    filled = F.slice(c.ITEMS, 1, F.col(c.LENGTH))
    day = lake.read_day(t.SEQUENCES, ds)
    return sorted(tuple(row) for row in day.select(c.SPLIT, c.USER, filled, c.SEGMENT, c.ATTRIBUTES).collect())


def test_where_no_product_has_enough_users_the_night_ends_before_anything_is_written(shop):
    picky = replace(SETTINGS, sequences=replace(SETTINGS.sequences, min_item_users=3))
    with pytest.raises(BadData, match="sequences.min_item_users = 3 users in the training period, which holds events of 2 users .* Lower .* nothing was written"):
        run(Night(shop, picky, DS, DS))
    assert not shop.exists(t.VOCABULARY)


def test_a_training_night_twice_and_then_a_night_that_only_pushes(spark, shop):
    run(Night(shop, SETTINGS, DS, DS))
    expected = [
        (PUSH, "u", [1, 1], 1, [0.5]), (PUSH, "v", [1], 1, [0.5]), (TEST, "u", [1, 1], 1, [0.5]), (TEST, "v", [1], 1, [0.5]),
        (TRAIN, "u", [1], 1, [0.5]), (TRAIN, "v", [1], 1, [0.5]), (VALIDATION, "u", [1], 1, [0.5]),
    ]
    assert windows(shop, DS) == expected
    run(Night(shop, SETTINGS, DS, DS))
    assert windows(shop, DS) == expected
    run(Night(shop, SETTINGS, NEXT, DS))
    assert windows(shop, NEXT) == [(PUSH, "u", [1, 1], 1, [0.5]), (PUSH, "v", [1, 1], 1, [0.5])]
    assert windows(shop, DS) == expected
    assert shop.read(t.NEIGHBOURS).isEmpty() and shop.read(t.LIKENESSES).isEmpty()  # there is but one product
    trends = shop.read(t.TRENDS).where(F.col(c.SPLIT) == PUSH).select(c.DAY, c.ITEM_INDEX, c.USERS, c.MODEL_DAY).collect()
    assert sorted(map(tuple, trends)) == [(DS, 1, 2, DS), (NEXT, 1, 2, DS)]
    vocabulary = spark.createDataFrame([("tea", 1, 2, 2, DS)], schema(t.VOCABULARY))
    assertDataFrameEqual(shop.read(t.VOCABULARY), vocabulary)


def test_a_product_that_came_up_after_training_is_part_of_what_is_pushed_alone(shop):
    bought = [(user, "cocoa", day) for user, day in (("u", DS - timedelta(days=2)), ("v", DS - timedelta(days=1)), ("u", DS))]
    shop.replace_where(
        shop.spark.createDataFrame([purchase(90 + number, *row)[:9] + ("late", "late.csv", row[2]) for number, row in enumerate(bought)], schema(t.EVENTS)),
        t.EVENTS, "source = 'late'", of="late",
    )
    run(Night(shop, SETTINGS, DS, DS))
    newcomers = shop.read(t.NEWCOMERS).select(c.ITEM, c.ITEM_INDEX, c.EVENTS, c.USERS, c.MODEL_DAY).collect()
    assert list(map(tuple, newcomers)) == [("cocoa", 2, 3, 2, DS)] and shop.read(t.VOCABULARY).count() == 1
    found = windows(shop, DS)
    assert [items for split, _, items, *_ in found if split == PUSH] == [[1, 1, 2, 2], [1, 2]]
    assert all(set(items) == {1} for split, _, items, *_ in found if split != PUSH)
    for table in (t.NEIGHBOURS, t.LIKENESSES):
        assert {tuple(row) for row in shop.read(table).select(c.SPLIT, c.ITEM_INDEX).collect()} == {(PUSH, 1), (PUSH, 2)}
    run(Night(shop, SETTINGS, NEXT, DS))  # pushes by the model of yesterday
    assert shop.read_day(t.NEWCOMERS, NEXT).select(c.ITEM_INDEX, c.MODEL_DAY).collect() == [(2, DS)]
    assert [items for _, _, items, *_ in windows(shop, NEXT)] == [[1, 1, 2, 2], [1, 2, 1]]
