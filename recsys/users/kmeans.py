"""k-means for every k and every random start of a sweep, together: one pass over the points per iteration.

Each start draws distinct points of the data at random (P1), likelier those that lie far from the ones before
(greedy k-means++: Arthur and Vassilvitskii 2007); a run with k centroids begins with the first k of them, assigns,
recomputes, and repeats until no centroid moves. A centroid that loses all its points begins anew at the next
point of its start that its run has not used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from pyspark.sql import DataFrame

from recsys.users.aggregate import aggregate
from recsys.users.blocks import POINTS, Block, read_blocks, read_points
from recsys.users.lloyd import Tally, tally

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


@dataclass(frozen=True)
class Drawn:
    """For each seed the points of the lowest lots among some blocks: distinct ones, the lowest first, up to `count`."""

    blocks: tuple[Block, ...]  # for each seed one, with lots [points, 1]
    count: int

    def merge(self, other: Drawn) -> Drawn:
        both = zip(self.blocks, other.blocks)
        blocks = (Block(np.concatenate([one.points, two.points]), np.concatenate([one.lots, two.lots])) for one, two in both)
        return Drawn(tuple(_lowest(block, self.count) for block in blocks), self.count)


def random_starts(blocks: DataFrame, width: int, k_max: int, seeds: Sequence[int]) -> dict[int, np.ndarray]:
    """For every seed up to `2 k_max` distinct points [drawn, attributes], in the order drawn.

    They come from some hundred points that are drawn by their lots: the same whatever the partitions. Fewer where there are fewer
    distinct points.

    Args:
        blocks: from `pack`, with these seeds; `width` is the number of attributes.
    """
    found = aggregate(blocks, read_blocks(width), partial(_draw, count=_DRAWN * k_max))
    if found is None:
        return {seed: np.empty((0, width)) for seed in seeds}
    return {seed: _far_apart(block.points, _SPARE * k_max, seed) for seed, block in zip(seeds, found.blocks, strict=True)}


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
    found = aggregate(blocks.select(POINTS), read_points(centroids.shape[1]), partial(tally, centroids=centroids, runs=slices))
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
