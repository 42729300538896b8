"""Collaborative filtering by alternating least squares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.baselines.collaborative import CollaborativeFiltering, best, numbered, strengths
from tests.baselines.logs import log, users


def test_strength_is_the_number_of_events(spark):
    events = log(spark, [("u", "a", 1), ("u", "a", 2), ("u", "b", 1)])
    expected = spark.createDataFrame([("u", "a", 2.0), ("u", "b", 1.0)], f"{c.USER} string, {c.ITEM} string, strength float")
    assertDataFrameEqual(strengths(events), expected)


def test_numbers_run_from_zero_without_gaps_and_do_not_depend_on_partitions(spark):
    names = spark.createDataFrame([(f"u{number}",) for number in range(500)], [c.USER])
    numbers = numbered(names, c.USER, "number")
    assert sorted(row["number"] for row in numbers.collect()) == list(range(500))
    assertDataFrameEqual(numbered(names.repartition(5), c.USER, "number"), numbers)


@given(arrays(np.float32, st.integers(1, 40), elements=st.sampled_from([-1.0, 0.0, 0.5, 2.0])), st.integers(1, 12))
def test_the_best_positions_are_those_of_a_full_sort_by_score_then_position(scores, n):
    assert best(scores, n).tolist() == sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:n]


def test_barred_scores_are_never_among_the_best():
    assert best(np.array([1.0, -np.inf, 3.0, -np.inf], np.float32), 4).tolist() == [2, 0]


def test_users_are_drawn_to_what_others_of_their_taste_bought(spark):
    # Two tastes without overlap; u misses only d of its own taste, x only h of the other.
    left = [(user, item, 1) for user in ("r", "s", "t", "u") for item in "abd"]
    right = [(user, item, 1) for user in ("w", "x", "y", "z") for item in "fgh"]
    events = log(spark, [event for event in left + right if event[:2] not in {("u", "d"), ("x", "h")}])
    method = CollaborativeFiltering(rank=4, iterations=8, alpha=10.0, regularisation=0.1, products=99, seed=3, drop_seen=True)
    method.fit(events)
    first = method.recommend(users(spark, "u", "x"), 3).where(F.col(c.RANK) == 1).select(c.USER, c.ITEM)
    assertDataFrameEqual(first, spark.createDataFrame([("u", "d"), ("x", "h")], [c.USER, c.ITEM]))


@pytest.mark.parametrize(("drop_seen", "listed"), [(False, ["a", "b", "d"]), (True, ["d"])])
def test_only_the_most_frequent_products_are_in_a_list(spark, drop_seen, listed):
    # d and e have one event each: the smaller name is kept.
    events = log(spark, [("u", "b", 1), ("v", "b", 1), ("u", "a", 1), ("v", "a", 1), ("u", "e", 1), ("v", "d", 1)])
    method = CollaborativeFiltering(rank=2, iterations=1, alpha=1.0, regularisation=0.1, products=3, seed=3, drop_seen=drop_seen)
    method.fit(events)
    assert sorted(row[c.ITEM] for row in method.recommend(users(spark, "u"), 9).collect()) == listed
