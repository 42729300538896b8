"""The four jobs that turn events into segments, in a row, on a small lake."""

from datetime import date, datetime, timedelta
from pathlib import Path

import build_user_features
import correlate_attributes
import fit_normalizer
import pytest
import segment_users
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.job import Night
from recsys.lake import Lake
from recsys.settings import SegmentSettings, Settings, SplitSettings
from recsys.tables import CORRELATIONS, EVENTS, NORMALIZER, PRODUCTS, SEGMENT_CENTROIDS, SEGMENT_QUALITY, SEGMENTS, USER_FEATURES
from tests.jobs.declared import declared

START, DS, NEXT = date(2024, 1, 1), date(2024, 2, 9), date(2024, 2, 10)
SOURCE = Path(__file__).parents[2] / "conf" / "sources" / "tmall_2014.yaml"  # of a shop in Shanghai
SETTINGS = Settings(
    source=str(SOURCE), split=SplitSettings(test_days=5, validation_days=5), segments=SegmentSettings(k_max=3, seeds=1)
)
STAGES = (build_user_features.STAGE, correlate_attributes.STAGE, fit_normalizer.STAGE, segment_users.STAGE)
WRITTEN = (USER_FEATURES, CORRELATIONS, NORMALIZER, SEGMENT_CENTROIDS, SEGMENT_QUALITY, SEGMENTS)


def events_of(user, first, every, price):
    """A purchase of one of five products every `every` days from day `first` on, until two days after `DS`."""
    days = [START + timedelta(days=n) for n in range(first, 42, every)]
    return [
        (f"{user}{day}", user, f"item{n % 5}", "purchase", datetime(day.year, day.month, day.day, 10), f"{user}{day}", 1.0, price, None, "s", "f", day)
        for n, day in enumerate(days)
    ]


def run(lake, ds, model_ds=None):
    for stage in STAGES:
        stage.run(declared(stage, Night(lake, SETTINGS, ds, model_ds or ds)))


@pytest.fixture(scope="module")
def lake(spark, tmp_path_factory):
    """A lake after its first night: twenty users who come daily, ten who come rarely, one who came late."""
    lake = Lake(spark, str(tmp_path_factory.mktemp("users")))
    rows = [event for n in range(20) for event in events_of(f"daily{n:02}", n % 3, 1, 1.0 + n % 4)]
    rows += [event for n in range(10) for event in events_of(f"rare{n}", n % 3, 15, 50.0 + n)]
    rows += events_of("late", 33, 1, 1.0)  # after the training period, before the test period
    events = spark.createDataFrame(rows, ", ".join(f"{name} {kind}" for name, kind in EVENTS.columns.items()))
    lake.replace_where(events, EVENTS, "true", of="all")
    listed = [(f"item{n}", f"item{n}", 1.0, "food" if n < 3 else "drinks", None, True) for n in range(5)]
    for ds in (DS, NEXT):
        lake.replace_day(lake.frame(listed, PRODUCTS, ds), PRODUCTS, ds)
    run(lake, DS)
    return lake


def contents(lake, ds):
    return {table.name: sorted(map(tuple, lake.read(table).where(F.col(c.DAY) == F.lit(ds)).collect())) for table in WRITTEN}


def test_planted_segments_are_chosen_and_every_user_of_every_split_is_in_one(lake):
    assert lake.read(SEGMENT_QUALITY).where(c.CHOSEN).select(c.K).collect() == [(2,)]
    assert lake.read(SEGMENT_CENTROIDS).orderBy(c.SEGMENT).select(c.SEGMENT, c.SIZE).collect() == [(0, 20), (1, 10)]
    kind = F.regexp_extract(c.USER, "[a-z]+", 0).alias("kind")
    kinds = lake.read(SEGMENTS).where(F.col(c.USER) != "late").groupBy(c.SPLIT, c.SEGMENT, kind).count()
    planted = [(0, "daily", 20), (1, "rare", 10)]
    assert sorted(kinds.collect()) == sorted((split, *row) for split in ("train", "test", "push") for row in planted)
    late = lake.read(SEGMENTS).where(F.col(c.USER) == "late").select(c.SPLIT)
    assert sorted(late.collect()) == [("push",), ("test",)]


def test_the_clock_of_the_source_says_when_it_is_evening(lake):
    assert lake.read(USER_FEATURES).select("morning_share", "evening_share").distinct().collect() == [(0.0, 1.0)]  # all events are of 10 o'clock UTC


def test_a_night_run_twice_leaves_every_table_as_it_was(lake):
    before = contents(lake, DS)
    run(lake, DS)
    assert contents(lake, DS) == before


def test_a_night_that_only_pushes_keeps_what_was_fitted(lake):
    before = contents(lake, DS)
    run(lake, NEXT, model_ds=DS)
    pushed = contents(lake, NEXT)
    assert contents(lake, DS) == before
    assert {name for name, rows in pushed.items() if rows} == {USER_FEATURES.name, SEGMENTS.name}
    segments = lake.read(SEGMENTS).where(F.col(c.DAY) == F.lit(NEXT)).groupBy(c.SPLIT).count()
    assert segments.collect() == [("push", 31)]
