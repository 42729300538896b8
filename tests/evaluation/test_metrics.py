"""Metrics by hand, and against scikit-learn and scipy on random lists."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score, precision_recall_fscore_support

from recsys.evaluation.metrics import LIKING, NO_CATEGORY, diversity, liking, novelty


def _row(*values, kind=bool):
    return np.array([values], dtype=kind)


@pytest.mark.parametrize(("k", "expected"), [
    # Liked: three products. The list has one of them second and one third, so one hit of two, and two of three.
    (2, {"precision": 1 / 2, "recall": 1 / 3, "f1": 2 * (1 / 2) * (1 / 3) / (1 / 2 + 1 / 3), "hit_rate": 1, "mrr": 1 / 2,
         "ndcg": (1 / math.log2(3)) / (1 + 1 / math.log2(3))}),
    (3, {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "hit_rate": 1, "mrr": 1 / 2,
         "ndcg": (1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3) + 1 / 2)}),
    (1, dict.fromkeys(LIKING, 0)),
])
def test_metrics_of_one_user_by_hand(k, expected):
    found = liking(_row(0, 1, 1, 0), np.array([3]), k)
    assert {name: pytest.approx(value.item()) for name, value in found.items()} == expected


def test_a_list_shorter_than_asked_for_is_not_forgiven_its_missing_places():
    found = liking(_row(1, 0), np.array([1]), 4)
    assert (found["precision"].item(), found["recall"].item(), found["mrr"].item()) == (1 / 4, 1, 1)


def test_novelty_is_the_mean_information_of_the_first_products_that_a_list_has():
    information = np.array([[1.0, 3.0, 8.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]])  # shares 1/2, 1/8, 1/256; then a list of one
    assert novelty(information, np.array([3, 1, 0]), 2).tolist() == [2.0, 2.0, 0.0]


def test_diversity_is_the_share_of_pairs_in_different_categories_and_unknown_ones_do_not_count():
    categories = np.array([[1, 1, 2, NO_CATEGORY], [3, 3, 3, 3], [NO_CATEGORY, 5, NO_CATEGORY, NO_CATEGORY]])
    share, pairs = diversity(categories, 4)
    assert share.tolist() == [pytest.approx(2 / 3), 0, 0] and pairs.tolist() == [3, 6, 0]
    assert diversity(categories, 2)[1].tolist() == [1, 1, 0]


@pytest.fixture(scope="module")
def random_lists():
    """Hits of 60 users in a ranking of 40 products, all of them ranked, and how many each user likes: 1 to 25."""
    rng = np.random.default_rng(17)
    targets = rng.integers(1, 26, 60)
    return np.stack([rng.permutation(np.arange(40) < count) for count in targets]), targets


@pytest.mark.parametrize("k", [1, 5, 20, 40])
def test_precision_recall_f1_and_ndcg_agree_with_scikit_learn_on_random_lists(random_lists, k):
    hits, targets = random_lists
    found = liking(hits, targets, k)
    listed = np.arange(40) < k
    theirs = [precision_recall_fscore_support(row, listed, average="binary", zero_division=0)[:3] for row in hits]
    for name, values in zip(("precision", "recall", "f1"), np.transpose(theirs)):
        np.testing.assert_allclose(found[name], values, atol=1e-12)
    falling = np.arange(40, 0, -1.0)
    np.testing.assert_allclose(found["ndcg"], [ndcg_score([row], [falling], k=k) for row in hits], atol=1e-12)


def test_mrr_of_one_liked_product_agrees_with_the_ranking_precision_of_scikit_learn():
    rng = np.random.default_rng(17)
    hits = np.eye(20, dtype=bool)[rng.integers(0, 20, 30)]
    theirs = [label_ranking_average_precision_score([row], [np.arange(20, 0, -1.0)]) for row in hits]
    np.testing.assert_allclose(liking(hits, np.ones(30, int), 20)["mrr"], theirs)


def test_diversity_agrees_with_the_pairwise_distances_of_scipy_on_random_categories():
    categories = np.random.default_rng(17).integers(0, 6, (40, 15))
    theirs = [pdist(row[:10, None], "hamming").mean() for row in categories]
    np.testing.assert_allclose(diversity(categories, 10)[0], theirs)
