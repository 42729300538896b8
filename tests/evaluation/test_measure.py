"""Lists to figures: slices, novelty, coverage, rates and what partitions do to them."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.evaluation import measure as tallies
from recsys.evaluation.bootstrap import Sums
from recsys.evaluation.measure import yardstick
from recsys.evaluation.results import comparison_rows, evaluation_rows
from recsys.evaluation.trial import hold_out
from recsys.settings import EvaluationSettings, SplitSettings
from tests.baselines.logs import day, lists, log

_SETTINGS = EvaluationSettings(list_lengths=(1, 2), replicates=50, few_events=1)
# Test from day 9. u had a and b and goes on to like a and d, v had a and likes b, w had a and only browses b.
_BOUGHT = [("u", "a", 1), ("u", "b", 2), ("v", "a", 1), ("w", "a", 1), ("x", "a", 1), ("u", "a", 9), ("u", "d", 9), ("v", "b", 10)]


@pytest.fixture(scope="module")
def measure(spark):
    events = log(spark, _BOUGHT).union(log(spark, [("w", "b", 9)], c.BROWSE))
    trial = hold_out(events, SplitSettings(test_days=2, validation_days=2), _SETTINGS, day(10))
    segments = spark.createDataFrame([("u", 0), ("v", 1)], f"{c.USER} string, {c.SEGMENT} int")
    products = spark.createDataFrame([("a", "food"), ("b", "food"), ("d", None)], f"{c.ITEM} string, {c.CATEGORY} string")
    return yardstick(trial, segments, products, _SETTINGS, lambda frame: frame.persist())


@pytest.fixture(scope="module")
def told(spark):
    """Everybody gets b, then a."""
    return lists(spark, *((user, item, rank) for user in "uvw" for rank, item in enumerate("ba", start=1)))


@pytest.fixture(scope="module")
def tally(measure, told):
    return measure.tally(told, told.where(f"{c.USER} != 'w' OR {c.RANK} = 1"))


@pytest.fixture(scope="module")
def figures(measure, tally):
    """(value, numerator, denominator, users) by slice, metric and length."""
    rows = evaluation_rows("told", "test", [tally], _SETTINGS.list_lengths, measure.catalogue)
    return {row[2:5]: (row[5], *row[8:11]) for row in rows}


def test_users_are_told_apart_by_segment_and_by_how_little_is_known_of_them(figures):
    # b is v's one target; u's two are a and d.
    assert figures["all", "recall", 2] == ((1 / 2 + 1) / 2, 1.5, 2, 2)
    assert figures["segment 0", "recall", 2] == (1 / 2, 1 / 2, 1, 1)
    assert figures["segment 1", "recall", 1] == (1, 1, 1, 1)
    assert figures["few_events", "recall", 2] == (1, 1, 1, 1)


def test_repeated_and_new_targets_are_told_apart_for_the_users_who_have_them(figures):
    assert figures["repeated", "recall", 2] == (1, 1, 1, 1)  # u's a
    assert figures["new", "recall", 2] == ((0 + 1) / 2, 1, 2, 2)  # u's d, v's b
    assert ("new", "novelty", 2) not in figures


def test_novelty_counts_users_and_coverage_products_of_the_history(figures):
    # a is known to all four users, b to one: 0 and 2 bits. Of a and b, all that the history holds, both are listed.
    assert figures["all", "novelty", 1][0] == 2 and figures["all", "novelty", 2] == (1, 3, 3, 3)
    assert (figures["all", "coverage", 1][0], figures["all", "coverage", 2][0]) == (1 / 2, 1)
    assert figures["all", "own_share", 2] == (5 / 6, 5, 6, None)  # w's second place was filled up
    assert figures["all", "diversity", 2] == (0, 0, 3, 3) and figures["all", "diversity", 1][0] is None


def test_rates_are_over_all_who_came_back_and_what_the_log_does_not_hold_is_not_measured(figures):
    # Touched of three first places: b by v and w; bought: by v.
    assert figures["all", "click_through_rate", 1] == (2 / 3, 2, 3, 3)
    assert figures["all", "transaction_rate", 1] == (1 / 2, 1, 2, 2)
    assert figures["all", "favourable_rate", 2] == (None, 0, 0, 0)


def test_partitions_change_nothing_and_equal_lists_do_not_differ(measure, told, tally):
    together, apart = (replace(measure, people=people) for people in (measure.people.coalesce(1), measure.people.repartition(3)))
    parts = [marks._beside(told).select(F.spark_partition_id()).distinct().count() for marks in (together, apart)]
    assert parts[0] == 1 < parts[1]  # which users share a tally
    for marks in (together, apart):
        again = marks.tally(told.repartition(5, c.RANK), told)
        differences = list(comparison_rows("one", "test", {"one": [tally], "other": [again]}, _SETTINGS.list_lengths))
        assert {row[3] for row in differences} == {"all", "segment 0", "segment 1", "few_events", "repeated", "new"}
        assert {(row[6], row[8], row[9]) for row in differences} == {(0.0, 0.0, 0.0)}
        assert tally.listed == again.listed


def test_no_worker_is_handed_the_sums_of_all_partitions(spark, monkeypatch):
    added = tallies._added

    def few(parts):
        assert len(parts) <= 32
        return added(parts)

    monkeypatch.setattr(tallies, "_added", few)
    one = pickle.dumps(Sums(np.ones((1, 1)), np.full((1, 1), 2.0), np.ones(1, np.int64)))
    parts = spark.range(40, numPartitions=40).select(F.lit("all").alias(c.SLICE), F.lit(bytearray(one)).alias("sums"))
    (row,) = tallies.by_slice(parts).collect()
    total = pickle.loads(row["sums"])
    assert (total.numerator.item(), total.denominator.item(), total.users.item()) == (40, 80, 40)
