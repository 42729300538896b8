"""Groups of users, and repeated and new products apart: where an average hides something."""

from __future__ import annotations

from collections.abc import Sequence

from recsys import columns as c
from recsys.evaluation.slices import ALL, FEW_EVENTS, NEW_TARGETS, REPEATED_TARGETS
from recsys.report.page import Block, Grid, Heading
from recsys.report.trials.accuracy import strong
from recsys.report.trials.names import NDCG, method, part_of_users
from recsys.report.trials.numbers import difference, interval, shown
from recsys.report.trials.results import Results
from recsys.report.trials.verdicts import verdict

_FIRST = (ALL, REPEATED_TARGETS, NEW_TARGETS, FEW_EVENTS)


def slices(results: Results) -> Sequence[Block]:
    return [Heading("Groups of users, repeated and new products"), _standing(results), _by_method(results)]


def _standing(results: Results) -> Grid:
    """The model in every slice, beside the best other method there."""
    at = results.length
    heads = ["group", "users", "the model", "best other", "has", "difference", "95 % interval", "the model is"]
    caption = f"NDCG@{at}. Repeated products, which the user had before, and new ones: the same lists, marked by these alone, for the users who took any."
    return Grid(heads, [_line(results, name) for name in _found(results)], caption)


def _line(results: Results, part: str) -> list:
    known = {name: value for name in results.rivals if (value := results.value(name, NDCG, part=part)) is not None}
    best = min(known, key=lambda name: (-known[name], name), default=None)
    gap = results.gap(best, NDCG, part=part) if best else None
    return [
        _words(results, part), _users(results, part), shown(results.value(results.model, NDCG, part=part)), method(best) if best else None,
        shown(known.get(best)), difference(gap), interval(gap, "+.4f"), verdict(gap),
    ]


def _by_method(results: Results) -> Grid:
    parts = [part for part in _FIRST if part in _found(results)]
    lines = [[method(name), *(shown(results.value(name, NDCG, part=part)) for part in parts)] for name in results.methods]
    return Grid(["method", *(_words(results, part) for part in parts)], lines, f"NDCG@{results.length} of every method.", strong(results))


def _found(results: Results) -> list[str]:
    """The slices, those that any log has first, then the segments in order."""
    parts = {part for rows in results.figures.values() for part, metric, _ in rows if metric == NDCG}
    segments = sorted(parts - set(_FIRST), key=lambda part: (len(part), part))
    return [part for part in _FIRST if part in parts] + segments


def _users(results: Results, part: str) -> int | None:
    rows = [results.row(name, NDCG, part=part) for name in results.methods]
    return next((row[c.USERS] for row in rows if row), None)


def _words(results: Results, part: str) -> str:
    return part_of_users(part, results.night.settings.evaluation.few_events)
