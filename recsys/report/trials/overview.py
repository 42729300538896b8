"""Every method in every experiment, in two tables: what the sections of the experiments tell one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recsys.report.page import Block, Grid
from recsys.report.trials.headline import measured_by
from recsys.report.trials.names import NDCG, method
from recsys.report.trials.numbers import shown
from recsys.report.trials.results import Results

_FIRST = "Mean F1 over all lengths. Lines are read across: one log, one cut, the same users. What a difference is worth stands in its experiment's section."
_SECOND = "The same by {measure}."


def overview(judged: Sequence[Results]) -> Sequence[Block]:
    """Nothing where there are not several experiments that hold methods against each other."""
    whole = [results for results in judged if results.rivals]
    if len(whole) < 2:
        return []
    names = list(dict.fromkeys(name for results in whole for name in results.methods if name not in results.variants))
    return [
        _grid(whole, names, Results.mean_f1, _FIRST),
        _grid(whole, names, lambda results, name: results.value(name, NDCG), _SECOND.format(measure=measured_by(whole))),
    ]


def _grid(whole: Sequence[Results], names: Sequence[str], value: Callable[[Results, str], float | None], caption: str) -> Grid:
    rows = [[results.title, *(shown(value(results, name)) for name in names)] for results in whole]
    return Grid(["experiment", *map(method, names)], rows, caption)
