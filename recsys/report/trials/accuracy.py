"""How good the lists of every method are, and by how much the model differs from each."""

from __future__ import annotations

from collections.abc import Sequence

from recsys import columns as c
from recsys.evaluation.metrics import COVERAGE, DIVERSITY, NOVELTY, OWN_SHARE
from recsys.report import words
from recsys.report.page import Block, Grid, Heading, Picture, Text
from recsys.report.trial_figures import lines_with_bands
from recsys.report.trials.names import F1, NDCG, method
from recsys.report.trials.numbers import difference, interval, number, share, shown, times
from recsys.report.trials.results import Results, Row
from recsys.report.trials.verdicts import over_lengths, verdict

_LIKING = ("hit_rate", NDCG, "mrr", "recall", "precision")
_MEASURES = (
    "{n} products a list. HR: users with at least one hit. NDCG: hits count more the higher they stand. MRR: one over the rank of the first "
    "hit. Coverage: products of the log that are in any list. Novelty: bits, one more for every halving of the users who knew a product. "
    "Diversity: pairs of a list from different categories. A dash: the log cannot tell."
)


def by_length(results: Results) -> Sequence[Block]:
    """F1 against list length, as a figure and in numbers."""
    drawn = [name for name in results.methods if not results.variants or name == results.model or name in results.variants]
    series = {method(name): _points(results, name) for name in drawn}
    series = {name: points for name, points in series.items() if points}
    if not series:
        return [Text("No method has an F1 here.")]
    leader = max(drawn, key=lambda name: results.mean_f1(name) or 0)
    picture = Picture(
        lines_with_bands(series, "F1", results.stamp),
        f"Line chart of F1 by list length for {words.listing(list(series))}. {method(leader)} has the greatest mean over all lengths, "
        f"{shown(results.mean_f1(leader))}.",
        results.stamped("One line per method; bands hold 95 % of the replicates of a bootstrap over users."),
    )
    return [Heading("F1 by the length of the list"), picture, _in_numbers(results)]


def _points(results: Results, name: str) -> list[tuple[int, float, float, float]]:
    """Length, value, low and high; without an interval the value stands for both."""
    rows = {length: results.row(name, F1, length) for length in results.lengths}
    return [
        (length, row[c.VALUE], *(row[c.VALUE] if row[edge] is None else row[edge] for edge in (c.LOW, c.HIGH)))
        for length, row in rows.items() if row
    ]


def _in_numbers(results: Results) -> Grid:
    lines = [
        [method(name), *(shown(results.value(name, F1, length)) for length in results.lengths), shown(results.mean_f1(name)), _times(results, name)]
        for name in results.methods
    ]
    heads = ["method", *(f"F1@{length}" for length in results.lengths), "mean", "the model has"]
    return Grid(heads, lines, "F1 at every list length. Last column: how many times this mean the model reaches.", strong(results))


def _times(results: Results, name: str) -> str | None:
    return times(None if name == results.model else results.times(name))


def measures(results: Results) -> Sequence[Block]:
    """Everything that is measured of a list, for every method."""
    at = results.length
    heads = [f"F1@{at}", "95 % interval", *map(words.metric, (*_LIKING, COVERAGE, NOVELTY, DIVERSITY))]
    lines = [
        [
            method(name), shown(results.value(name, F1)), interval(results.row(name, F1), ".3f"), *(shown(results.value(name, m)) for m in _LIKING),
            share(results.value(name, COVERAGE)), number(results.value(name, NOVELTY)), share(results.value(name, DIVERSITY)),
        ]
        for name in results.methods
    ]
    return [Heading("Every measure"), Grid(["method", *heads], lines, _MEASURES.format(n=at), strong(results)), *_filled(results), *_seeds(results)]


def _filled(results: Results) -> list[Text]:
    """Which methods needed the help of popular products to fill their lists."""
    own = {name: results.value(name, OWN_SHARE) for name in results.methods}
    helped = [f"{method(name)} {share(part)}" for name, part in own.items() if part is not None and part < 1]
    return [Text(f"Of the places in its lists a method filled itself, and popular products the rest: {words.listing(helped)}.")] if helped else []


def _seeds(results: Results) -> list[Block]:
    """How much the start of the training matters, where there were several."""
    rows = {name: (results.row(name, F1), results.row(name, NDCG)) for name in results.methods}
    lines = [
        [method(name), max(row[c.SEEDS] for row in pair if row), *(cell for row in pair for cell in _deviation(row))]
        for name, pair in rows.items() if any(row and row[c.SEEDS] > 1 for row in pair)
    ]
    heads = ["method", "seeds", f"F1@{results.length}", "deviation", f"NDCG@{results.length}", "deviation"]
    return [Grid(heads, lines, "Trained several times, from different seeds: mean, and standard deviation over the seeds.")] if lines else []


def _deviation(row: Row | None) -> tuple[str, str]:
    return (shown(row[c.VALUE]), shown(row[c.DEVIATION])) if row else (shown(None), shown(None))


def comparisons(results: Results) -> Sequence[Block]:
    """The model against each of its rivals."""
    if not results.gaps or results.model not in results.figures:
        return [Text(f"{method(results.model)} has no figures here, so nothing was compared with it.")]
    at = results.length
    lines = []
    for name in results.rivals:
        gap = results.gap(name, NDCG)
        lines.append([
            method(name), verdict(gap), over_lengths(results, name), difference(gap), interval(gap, "+.4f"), times(gap[c.RATIO] if gap else None),
        ])
    heads = ["against", f"by NDCG@{at} the model is", "by F1 it is", f"NDCG@{at}: difference", "95 % interval", "ratio"]
    caption = (
        f"{method(results.model)} less each other method, on the same users and in the same replicates of the bootstrap. Ahead or behind only "
        "where the interval excludes zero; each line by itself, so of many lines one in twenty may err."
    )
    return [Heading("The model against each other method"), Grid(heads, lines, caption)]


def strong(results: Results) -> list[int]:
    return [place for place, name in enumerate(results.methods) if name == results.model]
