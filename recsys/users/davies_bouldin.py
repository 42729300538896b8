"""The Davies-Bouldin index as P1 prints it, eq. (1) and (2): smaller is better. Plain numpy, no Spark.

P1's spread of a cluster is the mean distance between two of its points; scikit-learn's and most other
indices take the mean distance from the centroid. `davies_bouldin` serves both, the spread makes the
difference. A cluster of one point has no pair (0/0 in eq. 2): its spread is 0, as that of coinciding points.
"""

from __future__ import annotations

import numpy as np

_TILE = 1024  # points compared with all others at once, so that memory stays linear in the cluster


def davies_bouldin(centroids: np.ndarray, spread: np.ndarray, error: np.ndarray) -> tuple[float, float]:
    """P1 eq. (1) with its standard error.

    Args:
        centroids: [k, attributes], k of at least 2; coinciding ones make the index infinite.
        spread: [k], avg(S) of eq. (1).
        error: [k], the standard errors of `spread`, independent of each other; 0 where it is exact.
    """
    apart = np.sqrt(np.square(centroids[:, None] - centroids[None]).sum(axis=2))
    np.fill_diagonal(apart, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(apart > 0, (spread[:, None] + spread[None]) / apart, np.inf)
    worst = ratio.argmax(axis=1)
    rows = np.arange(len(centroids))
    if not np.isfinite(ratio[rows, worst]).all():
        return float("inf"), 0.0
    weight = 1 / apart[rows, worst]  # how the index moves with each spread: once as i, once for each i it is the worst j of
    moves = weight + np.bincount(worst, weights=weight, minlength=len(centroids))
    return float(ratio[rows, worst].mean()), float(np.sqrt(np.square(moves * error).sum()) / len(centroids))


def mean_pairwise(points: np.ndarray) -> float:
    """P1 eq. (2), exactly: the mean Euclidean distance over all pairs of `points` [n, attributes]."""
    n = len(points)
    if n < 2:
        return 0.0
    centred = points - points.mean(axis=0)
    total = sum(_distances(centred[start : start + _TILE], centred).sum() for start in range(0, n, _TILE))
    return float(total / (n * (n - 1)))


def sampled_pairwise(points: np.ndarray, pairs: int, whole: bool, seed: list[int]) -> tuple[float, float]:
    """An estimate of P1 eq. (2) with its standard error, from about `pairs` pairs.

    Args:
        points: the cluster, or points drawn from it at random, in an order that is stable.
        whole: they are the whole cluster. Then every pair is drawn from all pairs; otherwise every point is
            used once at most, as two pairs that share a drawn point would not be independent.
    """
    generator = np.random.default_rng(seed)
    if whole:
        left = generator.integers(len(points), size=pairs)
        right = (left + generator.integers(1, len(points), size=pairs)) % len(points)
    else:
        left, right = generator.permutation(len(points) // 2 * 2).reshape(2, -1)
    distances = np.sqrt(np.square(points[left] - points[right]).sum(axis=1))
    return float(distances.mean()), float(distances.std(ddof=1) / np.sqrt(len(distances)))


def _distances(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    squared = np.square(some).sum(axis=1)[:, None] + np.square(others).sum(axis=1) - 2 * some @ others.T
    return np.sqrt(np.maximum(squared, 0.0))
