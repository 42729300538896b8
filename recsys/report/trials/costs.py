"""What every method costs, and what its accuracy is bought with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recsys import columns as c
from recsys.evaluation.costs import FIT, ONE_USER, RECOMMEND, TRAIN
from recsys.report import words
from recsys.report.page import Block, Grid, Heading, Picture
from recsys.report.trial_figures import accuracy_against_cost
from recsys.report.trials.names import NDCG, method
from recsys.report.trials.numbers import gib, milliseconds, number
from recsys.report.trials.results import Results, Row

_HEADS = [
    "method", "training, s", "fit, s", "one user, ms: median", "95th percentile", "the first", "users per second",
    "memory learning, GiB", "memory listing, GiB",
]
_CAPTION = (
    "On the machine that ran this. Fit: what a method learns before it can list; training of a model is a job of its own, here the mean over its "
    "seeds, without the attributes, segments and sequences that are made before it. Users per second: with the check of every list, and with what "
    "fills up short ones. One user: asked one by one, the list of a model from the history in memory, that of a control from the stored history, "
    "through Spark, whose start of a query is most of the wait; the first includes loading. Memory: the most that all processes of the run held "
    "together, Spark included."
)


def costs(results: Results) -> Sequence[Block]:
    found = results.costs
    names = [name for name in results.methods if name in found]
    cards = any(_peak(found[name], c.GPU_PEAK_BYTES) is not None for name in names)
    lines = [_line(method(name), found[name]) + ([gib(_peak(found[name], c.GPU_PEAK_BYTES))] if cards else []) for name in names]
    grid = Grid(_HEADS + (["GPU memory, GiB"] if cards else []), lines, _CAPTION, [names.index(results.model)] if results.model in names else [])
    return [Heading("What each method costs"), grid, *_scatter(results)]


def _line(name: str, stages: Mapping[str, Row]) -> list[str]:
    alone, all_users = stages.get(ONE_USER), stages.get(RECOMMEND)
    waits = [alone[column] if alone else None for column in (c.SECONDS_MEDIAN, c.SECONDS_P95, c.SECONDS_FIRST)]
    rate = all_users[c.ROWS] / all_users[c.SECONDS] if all_users and all_users[c.SECONDS] else None
    return [
        name, *(number(stages[stage][c.SECONDS] if stage in stages else None) for stage in (TRAIN, FIT)), *map(milliseconds, waits),
        number(rate, 0), gib(_peak(stages, c.PEAK_BYTES, TRAIN, FIT)), gib(_peak(stages, c.PEAK_BYTES, RECOMMEND, ONE_USER)),
    ]


def _peak(stages: Mapping[str, Row], column: str, *of: str) -> int | None:
    """The most of `column` in the stages `of`, or in all."""
    return max((row[column] for stage, row in stages.items() if (not of or stage in of) and row[column] is not None), default=None)


def _scatter(results: Results) -> list[Picture]:
    points = {}
    for name in [name for name in results.methods if name not in results.variants]:
        learning = [row[c.SECONDS] for stage, row in results.costs.get(name, {}).items() if stage in (TRAIN, FIT) and row[c.SECONDS] is not None]
        if learning and (value := results.value(name, NDCG)) is not None:
            points[name] = (sum(learning), value)
    if not points:
        return []
    best = max(points, key=lambda name: points[name][1])
    named = {method(name): point for name, point in points.items()}
    first = method(results.model) if results.model in points else None
    return [Picture(
        accuracy_against_cost(named, f"NDCG@{results.length}", first, results.stamp),
        f"Scatter chart of NDCG by seconds to learn, for {words.listing(list(named))}. {method(best)} is the most accurate, after "
        f"{words.duration(points[best][0])} of learning.",
        results.stamped("What accuracy is bought with: the higher the better, the further left the cheaper."),
    )]
