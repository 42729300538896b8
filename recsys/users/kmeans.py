"""k-means for every k and every random start of a sweep, together: one pass over the points per iteration.

Each start draws distinct points of the data at random (P1), likelier those that lie far from the ones before
(greedy k-means++: Arthur and Vassilvitskii 2007); a run with k centroids begins with the first k of them, assigns,
recomputes, and repeats until no centroid moves. A centroid that loses all its points begins anew at the next
point of its start that its run has not used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.users.aggregate import aggregate, read_blocks
from recsys.users.lloyd import Tally, tally

_LOT = "lot"
_STABLE = 1e-4  # a move this small, where every attribute spans 0 to 1, is none
_SPARE = 2  # points of a start, as a multiple of the largest k
_DRAWN = 64  # points that they are chosen from, as a multiple of the largest k
_CANDIDATES = 8  # for each of them
_NEAREST = 1e-30  # a squared distance; different points that lie nearer than that may be chosen all the same


@dataclass(frozen=True)
class Run:
    """One k and one start: where its centroids are, and what the last pass found for them."""

    k: int
    seed: int
    centroids: np.ndarray  # [k, attributes]
    drawn: int  # how many points of its start it has used
    size: np.ndarray | None = None  # [k]: points of each cluster
    spread: np.ndarray | None = None  # [k]: mean distance of a cluster's points from its centroid
    inertia: float = float("inf")  # sum of squared distances of all points from their centroids


def random_starts(points: DataFrame, k_max: int, seeds: Sequence[int]) -> dict[int, np.ndarray]:
    """For every seed up to `2 k_max` distinct points [drawn, attributes], in the order drawn.

    They come from some hundred points that are drawn by a hash of user and seed: the same whatever the partitions. Fewer where there
    are fewer distinct points.
    """
    lowest = [F.min(F.xxhash64(c.USER, F.lit(seed))).alias(f"{_LOT}_{seed}") for seed in seeds]  # numbers, which Spark aggregates without a sort
    distinct = points.groupBy(c.ATTRIBUTES).agg(*lowest)
    # A limit for each seed, not a rank over all: so every task hands on its own few lots, and no seed's points are sorted in one.
    lots = [distinct.select(F.lit(seed).alias(c.SEED), F.col(f"{_LOT}_{seed}").alias(_LOT), c.ATTRIBUTES) for seed in seeds]
    order = [_LOT, c.ATTRIBUTES]
    drawn = reduce(DataFrame.unionByName, [lot.orderBy(*order).limit(_DRAWN * k_max) for lot in lots]).orderBy(c.SEED, *order)
    starts: dict[int, list] = {seed: [] for seed in seeds}
    for row in drawn.select(c.SEED, c.ATTRIBUTES).collect():
        starts[row[c.SEED]].append(row[c.ATTRIBUTES])
    return {seed: _far_apart(np.array(rows, dtype=np.float64), _SPARE * k_max, seed) for seed, rows in starts.items()}


def _far_apart(points: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The first of `points`, and up to `count` in all, each the best of several, drawn with a chance by the squared distance from the
    nearest before them: the one that leaves the least sum of these over all points.
    """
    if not len(points):
        return points
    rng, chosen = np.random.default_rng(seed), [0]
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


def sweep(blocks: DataFrame, starts: Mapping[int, np.ndarray], ks: Sequence[int], max_iterations: int) -> list[Run]:
    """Every k of `ks` from every start, until stable or for `max_iterations` passes over `blocks`, from `pack`."""
    running = [Run(k, seed, drawn[:k], k) for k in ks for seed, drawn in starts.items()]
    finished: list[Run] = []
    for passes in range(1, max_iterations + 1):
        measured = _measure(blocks, running)
        moved = [_move(run, total, starts[run.seed]) for run, total in measured]
        still = [passes == max_iterations or _is_stable(run, after) for (run, _), after in zip(measured, moved)]
        finished += [run for (run, _), done in zip(measured, still) if done]
        running = [run for run, done in zip(moved, still) if not done]
        if not running:
            break
    return finished


def best_of_each_k(runs: Sequence[Run]) -> list[Run]:
    """For every k, in order, the run of least inertia; of equal ones the one with the lower seed."""
    best: dict[int, Run] = {}
    for run in sorted(runs, key=lambda run: (run.k, run.inertia, run.seed)):
        best.setdefault(run.k, run)
    return list(best.values())


def _measure(blocks: DataFrame, runs: Sequence[Run]) -> list[tuple[Run, np.ndarray]]:
    """One pass over the points: every run with its measures, and the sum of the members of each of its clusters."""
    ends = np.cumsum([run.k for run in runs])
    slices = [slice(int(end - run.k), int(end)) for run, end in zip(runs, ends)]
    centroids = np.concatenate([run.centroids for run in runs])
    found = aggregate(blocks, read_blocks(centroids.shape[1]), partial(tally, centroids=centroids, runs=slices))
    return [(_with_measures(run, found, rows), found.total[rows]) for run, rows in zip(runs, slices)]


def _with_measures(run: Run, found: Tally, rows: slice) -> Run:
    size = found.size[rows].astype(np.int64)
    # Nine digits: which start wins, and which k, must not hang on the order in which distances were added up.
    spread = np.round(found.spread[rows] / np.maximum(size, 1), 9)
    return replace(run, size=size, spread=spread, inertia=float(f"{found.inertia[rows].sum():.9g}"))


def _move(run: Run, total: np.ndarray, start: np.ndarray) -> Run:
    """`run` with every centroid in the middle of its members, or at a fresh point where it has none."""
    centroids = total / np.maximum(run.size, 1)[:, None]
    empty = np.flatnonzero(run.size == 0)
    fresh = start[run.drawn : run.drawn + len(empty)]
    centroids[empty] = run.centroids[empty]
    centroids[empty[: len(fresh)]] = fresh
    return replace(run, centroids=centroids, drawn=run.drawn + len(fresh))


def _is_stable(before: Run, after: Run) -> bool:
    return bool(np.abs(after.centroids - before.centroids).max() <= _STABLE)
