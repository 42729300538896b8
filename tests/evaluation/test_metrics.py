"""Metrics by hand, and against numpy and scikit-learn on random lists."""

import math
import random

import numpy as np
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual
from sklearn.metrics import ndcg_score

from recsys import columns as c
from recsys.evaluation.metrics import mean_metrics, user_metrics
from tests.baselines.logs import lists

_TARGETS = f"{c.USER} string, {c.ITEM} string"
_BY_USER = f"{c.USER} string, {c.METRIC} string, {c.LIST_LENGTH} int, {c.VALUE} double"


def test_metrics_of_one_user_by_hand(spark):
    # Liked: a, d, z. The list has a first and d third, so one hit of two, and two of three.
    ranked = lists(spark, ("u", "a", 1), ("u", "b", 2), ("u", "d", 3), ("stranger", "a", 1))
    targets = spark.createDataFrame([("u", "a"), ("u", "d"), ("u", "z")], _TARGETS)
    second, third = 1 / math.log2(3), 1 / math.log2(4)
    expected = spark.createDataFrame([
        ("u", "precision", 2, 1 / 2), ("u", "recall", 2, 1 / 3), ("u", "f1", 2, 2 * (1 / 2) * (1 / 3) / (1 / 2 + 1 / 3)),
        ("u", "hit_rate", 2, 1.0), ("u", "ndcg", 2, 1 / (1 + second)),
        ("u", "precision", 3, 2 / 3), ("u", "recall", 3, 2 / 3), ("u", "f1", 3, 2 / 3),
        ("u", "hit_rate", 3, 1.0), ("u", "ndcg", 3, (1 + third) / (1 + second + third)),
    ], _BY_USER)
    assertDataFrameEqual(user_metrics(ranked, targets, [2, 3]), expected)


def test_a_user_without_a_hit_or_without_a_list_counts_as_zero(spark):
    targets = spark.createDataFrame([("u", "a"), ("v", "a"), ("w", "b")], _TARGETS)
    ranked = lists(spark, ("u", "a", 1), ("w", "d", 1))
    means = mean_metrics(user_metrics(ranked, targets, [1]))
    expected = spark.createDataFrame(
        [(name, 1, 1 / 3, 3) for name in ("precision", "recall", "f1", "hit_rate", "ndcg")],
        f"{c.METRIC} string, {c.LIST_LENGTH} int, {c.VALUE} double, {c.USERS} bigint",
    )
    assertDataFrameEqual(means, expected)


def test_the_mean_of_f1_is_that_of_the_users_not_that_of_mean_precision_and_mean_recall(spark):
    targets = spark.createDataFrame([("u", "a"), *(("v", item) for item in "abdefghij")], _TARGETS)
    means = mean_metrics(user_metrics(lists(spark, ("u", "z", 1), ("v", "a", 1)), targets, [1]))
    f1 = means.where(F.col(c.METRIC) == "f1").first()[c.VALUE]
    assert math.isclose(f1, (0 + 2 * 1 / (1 + 9)) / 2)


def _independent(ranking, liked, k, catalogue):
    """The same metrics for one user, from their definitions, with scikit-learn's NDCG."""
    first = ranking[:k]
    precision = sum(item in liked for item in first) / k
    recall = sum(item in liked for item in first) / len(liked)
    scores = [-ranking.index(item) if item in ranking else -len(catalogue) for item in catalogue]
    gains = [float(item in liked) for item in catalogue]
    return {
        "precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall) if precision else 0.0,
        "hit_rate": float(precision > 0), "ndcg": ndcg_score([gains], [scores], k=k),
    }


def test_metrics_agree_with_scikit_learn_on_random_lists(spark):
    draw = random.Random(17)
    catalogue = [f"i{number:02d}" for number in range(40)]
    rankings = {f"u{number}": draw.sample(catalogue, 20) for number in range(60)}
    liked = {user: set(draw.sample(catalogue, draw.randint(1, 25))) for user in rankings}
    ranked = lists(spark, *((user, item, place) for user, items in rankings.items() for place, item in enumerate(items, 1)))
    targets = spark.createDataFrame([(user, item) for user, items in liked.items() for item in sorted(items)], _TARGETS)
    found = user_metrics(ranked, targets, [1, 5, 20]).toPandas()
    expected = [_independent(rankings[row.user_id], liked[row.user_id], row.list_length, catalogue)[row.metric] for row in found.itertuples()]
    assert len(found) == 60 * 3 * 5
    np.testing.assert_allclose(found[c.VALUE], expected, atol=1e-12)
