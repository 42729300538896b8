"""k-means for every k and every start of a sweep, together: one pass over the points per iteration.

A run begins where `recsys.users.starts` says, assigns, recomputes, and repeats until no centroid moves. A centroid that loses all
its points begins anew at the next of the spare points of its start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from pyspark.sql import DataFrame

from recsys.users.aggregate import aggregate
from recsys.users.blocks import POINTS, read_points
from recsys.users.lloyd import Tally, tally

_STABLE = 1e-4  # a move this small, where every attribute spans 0 to 1, is none


@dataclass(frozen=True)
class Run:
    """One k and one start: where its centroids are, and what the last pass found for them."""

    k: int
    seed: int
    centroids: np.ndarray  # [k, attributes]
    spare: np.ndarray  # [points, attributes]: where centroids without points begin anew
    size: np.ndarray | None = None  # [k]: points of each cluster
    spread: np.ndarray | None = None  # [k]: mean distance of a cluster's points from its centroid
    inertia: float = float("inf")  # sum of squared distances of all points from their centroids


def sweep(blocks: DataFrame, starts: Sequence[Run], max_iterations: int) -> list[Run]:
    """`starts` until stable, or for `max_iterations` passes over `blocks`, from `pack`."""

    def one_pass(centroids: np.ndarray, runs: Sequence[slice]) -> Tally:
        return aggregate(blocks.select(POINTS), read_points(centroids.shape[1]), partial(tally, centroids=centroids, runs=runs))

    return iterate(one_pass, starts, max_iterations)


def iterate(one_pass: Callable[[np.ndarray, Sequence[slice]], Tally], starts: Sequence[Run], max_iterations: int) -> list[Run]:
    """`starts` until stable, or for `max_iterations` passes.

    Args:
        one_pass: the tally of all points for centroids [centroids, attributes] and the row ranges of the runs among them.
    """
    running, finished = list(starts), []
    for passes in range(1, max_iterations + 1):
        measured = _measure(one_pass, running)
        moved = [_move(run, total) for run, total in measured]
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


def _measure(one_pass: Callable[[np.ndarray, Sequence[slice]], Tally], runs: Sequence[Run]) -> list[tuple[Run, np.ndarray]]:
    """One pass over the points: every run with its measures, and the sum of the members of each of its clusters."""
    ends = np.cumsum([run.k for run in runs])
    slices = [slice(int(end - run.k), int(end)) for run, end in zip(runs, ends)]
    found = one_pass(np.concatenate([run.centroids for run in runs]), slices)
    return [(_with_measures(run, found, rows), found.total[rows]) for run, rows in zip(runs, slices)]


def _with_measures(run: Run, found: Tally, rows: slice) -> Run:
    size = found.size[rows].astype(np.int64)
    # Nine digits: which start wins, and which k, must not hang on the order in which distances were added up.
    spread = np.round(found.spread[rows] / np.maximum(size, 1), 9)
    return replace(run, size=size, spread=spread, inertia=float(f"{found.inertia[rows].sum():.9g}"))


def _move(run: Run, total: np.ndarray) -> Run:
    """`run` with every centroid in the middle of its members, or at a spare point where it has none."""
    centroids = total / np.maximum(run.size, 1)[:, None]
    empty = np.flatnonzero(run.size == 0)
    fresh = run.spare[: len(empty)]
    centroids[empty] = run.centroids[empty]
    centroids[empty[: len(fresh)]] = fresh
    return replace(run, centroids=centroids, spare=run.spare[len(fresh) :])


def _is_stable(before: Run, after: Run) -> bool:
    return bool(np.abs(after.centroids - before.centroids).max() <= _STABLE)
