"""Where the runs of k-means begin: tried out on a few hundred points that are drawn at random for every seed.

On these the same k-means runs several times for every k, each time from points that lie far apart (greedy k-means++: Arthur
and Vassilvitskii 2007). Where the one of least inertia ended, the run over all points begins (Bradley and Fayyad 1998,
"Refining Initial Points for K-Means Clustering"): it mostly ends after a few passes, and seldom in a poor minimum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from pyspark.sql import DataFrame

from recsys.users.aggregate import aggregate
from recsys.users.blocks import Block, read_blocks
from recsys.users.kmeans import Run, best_of_each_k, iterate
from recsys.users.lloyd import tally

_DRAWN = 64  # points of a sample, as a multiple of the largest k
_TRIES = 4  # on each sample, for every k
_PASSES = 20  # over the sample, at most
_SPARE = 2  # points of a try, as a multiple of the largest k: more than it begins with, for centroids that lose theirs
_CANDIDATES = 8  # for each of these
_NEAREST = 1e-30  # a squared distance; different points that lie nearer than that may be chosen all the same


@dataclass(frozen=True)
class Drawn:
    """For each seed the points of the lowest lots among some blocks: distinct ones, the lowest first, up to `count`."""

    blocks: tuple[Block, ...]  # for each seed one, with lots [points, 1]
    count: int

    def merge(self, other: Drawn) -> Drawn:
        both = zip(self.blocks, other.blocks)
        blocks = (Block(np.concatenate([one.points, two.points]), np.concatenate([one.lots, two.lots])) for one, two in both)
        return Drawn(tuple(_lowest(block, self.count) for block in blocks), self.count)


def draw_samples(blocks: DataFrame, width: int, k_max: int, seeds: Sequence[int]) -> dict[int, np.ndarray]:
    """For every seed some hundred distinct points [drawn, attributes], by their users' lots: the same whatever the partitions.

    Fewer where there are fewer distinct points.

    Args:
        blocks: from `pack`, with these seeds; `width` is the number of attributes.
    """
    found = aggregate(blocks, read_blocks(width), partial(_draw, count=_DRAWN * k_max))
    if found is None:
        return {seed: np.empty((0, width)) for seed in seeds}
    return {seed: block.points for seed, block in zip(seeds, found.blocks, strict=True)}


def starts(samples: Mapping[int, np.ndarray], ks: Sequence[int]) -> list[Run]:
    """Where to begin for every k and every seed of `samples`, from `draw_samples`; each has as many points as the largest k at least."""
    return [run for seed, sample in samples.items() for run in _tried_out(sample, ks, seed)]


def _tried_out(sample: np.ndarray, ks: Sequence[int], seed: int) -> list[Run]:
    """For every k the best of several tries on `sample`."""
    rng, tries = np.random.default_rng(seed), []
    for number in range(_TRIES):
        points = _far_apart(sample, _SPARE * max(ks), rng)
        tries += [Run(k, number, points[:k], points[k:]) for k in ks]
    best = best_of_each_k(iterate(partial(tally, sample), tries, _PASSES))
    return [replace(run, seed=seed) for run in best]


def _draw(block: Block, count: int) -> Drawn:
    return Drawn(tuple(_lowest(Block(block.points, lots[:, None]), count) for lots in block.lots.T), count)


def _lowest(block: Block, count: int) -> Block:
    """The `count` distinct points of the lowest lots, or all; of equal points the lowest lot is what counts."""
    order = block.lots[:, 0].argsort(kind="stable")
    for looked_at in (2 * count, len(order)):  # mostly few points are equal, and to look at all of them takes long
        _, first = np.unique(block.points[order[:looked_at]], axis=0, return_index=True)
        if len(first) >= count:
            break
    kept = order[np.sort(first)[:count]]
    return Block(block.points[kept], block.lots[kept])


def _far_apart(points: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """One of `points`, and up to `count` in all, each the best of several, drawn with a chance by the squared distance from the
    nearest before them: the one that leaves the least sum of these over all points.
    """
    chosen = [int(rng.integers(len(points)))]
    distance = _squared_distances(points, points[chosen])[:, 0]
    while len(chosen) < min(count, len(points)):
        weight = np.maximum(distance, _NEAREST)
        weight[chosen] = 0.0
        drawn = rng.choice(len(points), _CANDIDATES, p=weight / weight.sum())
        left = np.minimum(distance[:, None], _squared_distances(points, points[drawn]))
        best = left.sum(axis=0).argmin()
        distance, chosen = left[:, best], [*chosen, int(drawn[best])]
    return points[chosen]


def _squared_distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """[points, others]"""
    return np.square(points[:, None] - others[None]).sum(axis=-1)
