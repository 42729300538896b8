"""One iteration of many k-means runs at once, on one block of points: plain numpy, no Spark.

The centroids of all runs are the rows of one matrix, so the distances of a block to every one of them are a
single matrix product, and the sums over the members of every cluster are another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_TILE = 2048  # points whose distances to all centroids stay in the processor's cache


@dataclass(frozen=True)
class Tally:
    """What one pass finds for the centroids it was given; adds up over blocks."""

    size: np.ndarray  # [centroids]: points nearest to each, within its run
    total: np.ndarray  # [centroids, attributes]: their sum
    spread: np.ndarray  # [centroids]: the sum of their distances, not squared, from the centroid
    inertia: np.ndarray  # [centroids]: the sum of their squared distances

    def merge(self, other: Tally) -> Tally:
        return Tally(
            self.size + other.size, self.total + other.total, self.spread + other.spread, self.inertia + other.inertia
        )


def tally(points: np.ndarray, centroids: np.ndarray, runs: Sequence[slice]) -> Tally:
    """The tally of `points` [n, attributes] for `centroids` [centroids, attributes]; `runs` are their row ranges."""
    count, width = centroids.shape
    found = Tally(np.zeros(count), np.zeros((count, width)), np.zeros(count), np.zeros(count))
    # The same memory for every tile: the system clears every page of a new array of this size, which takes as long as the arithmetic.
    scores, members = np.empty((2, count, min(_TILE, len(points))))
    half, negative = np.square(centroids).sum(axis=1)[:, None] / 2, -centroids
    for start in range(0, len(points), _TILE):
        tile = points[start : start + _TILE]
        # |x - c|² = |x|² + 2 score, so within a run the least score is the nearest centroid
        scored = np.matmul(negative, tile.T, out=scores[:, : len(tile)])
        scored += half
        _add(found, tile, scored, members[:, : len(tile)], runs)
    return found


def labels(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """For every point its nearest centroid, of equally near ones the first: by a matrix product, as in `tally`."""
    return (np.square(centroids).sum(axis=1) / 2 - points @ centroids.T).argmin(axis=1)


def nearest(points: np.ndarray, centroids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For every point its nearest centroid (of equally near ones the first) and its distance from it.

    Row by row, not by a matrix product: a point's distance does not depend on what shares its block.
    """
    squared = np.stack([np.square(points - centroid).sum(axis=1) for centroid in centroids], axis=1)
    label = squared.argmin(axis=1)
    return label, np.sqrt(squared[np.arange(len(points)), label])


def _add(found: Tally, points: np.ndarray, scores: np.ndarray, members: np.ndarray, runs: Sequence[slice]) -> None:
    """Count `points` [n, attributes] in `found`, by their `scores` [centroids, n]; `members`, of that shape, is overwritten."""
    lengths = np.square(points).sum(axis=1)
    for run in runs:
        best = scores[run].min(axis=0)
        np.equal(scores[run], best, out=members[run], casting="unsafe")
        if members[run].sum() > len(points):  # a point between two centroids belongs to the first
            members[run] = scores[run].argmin(axis=0) == np.arange(run.stop - run.start)[:, None]
        squared = np.maximum(lengths + 2 * best, 0.0)
        found.inertia[run] += members[run] @ squared
        found.spread[run] += members[run] @ np.sqrt(squared)
    found.size[:] += members.sum(axis=1)
    found.total[:] += members @ points
