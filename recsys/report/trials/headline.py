"""The first screen: what was compared on which logs, whether the model is ahead, and one line per experiment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from recsys import columns as c
from recsys.baselines.collaborative import CollaborativeFiltering
from recsys.baselines.rules import AssociationRules
from recsys.report import words
from recsys.report.page import Block, Grid, Text
from recsys.report.trials.names import F1, MODEL, NDCG, log, method
from recsys.report.trials.numbers import number, shown, times
from recsys.report.trials.results import Results
from recsys.report.trials.verdicts import AHEAD, BEHIND, FEW, OPEN, UNKNOWN, best_rival, is_ahead_throughout, over_lengths, verdict

_PUBLISHED = {CollaborativeFiltering.name: 1.37, AssociationRules.name: 1.29}  # P1: its mean F1 as a multiple of theirs
_SAID = {AHEAD: AHEAD, BEHIND: BEHIND, OPEN: "with no difference shown", FEW: "with " + FEW, UNKNOWN: UNKNOWN}
_CAPTION = (
    "Ahead or behind only where the 95 % interval of the difference, over the same users, excludes zero. F1 tells how many of the listed products "
    "users took, and how many of those they took were listed; NDCG also how high they stood. Mean F1: over lists of {lengths} products; times: "
    "the model's mean by theirs. Bold: what the sentence above counts."
)
_THEIRS = "The first paper's own figures (theirs: other data, unknown protocol; not comparable)"


def headline(judged: Sequence[Results]) -> Sequence[Block]:
    """The first screen of the experiments that have figures."""
    if not judged:
        return [Text("No experiment has figures yet. Run jobs/run_experiments.py --plan conf/experiments/quick.yaml.")]
    if not any(results.rivals for results in judged):
        return [Text(f"No experiment here holds the {method(MODEL)} against another method; what there is follows below."), _grid(judged)]
    return [Text(f"{_compared(judged)} {_standing(judged)}"), _grid(judged)]


def _counted(judged: Sequence[Results]) -> list[Results]:
    """The experiments that say something of a real shop's tomorrow; where there are none, those that are not about the model's parts."""
    whole = [results for results in judged if not results.experiment.ablation_of]
    return [results for results in whole if not results.stamp] or whole or list(judged)


def _compared(judged: Sequence[Results]) -> str:
    others = {name for results in judged for name in results.rivals}
    logs = list(dict.fromkeys(log(results.night.settings) for results in judged))
    return (
        f"The {method(MODEL)} of the first paper and {words.plural(len(others), 'other method')} made lists for the same users on "
        f"{words.listing(logs)}, and were judged by what these users went on to do."
    )


def _standing(judged: Sequence[Results]) -> str:
    """How often the model is ahead of the best other method."""
    shown_for = _counted(judged)
    where = "logs that are simulated or leak the future" if any(results.stamp for results in shown_for) else "real logs"
    size, counts = len(shown_for), Counter(_by_rank(results)[0] for results in shown_for)
    throughout = sum(_is_ahead_by_f1(results) for results in shown_for)
    if size == 1:
        by_f1 = "ahead" if throughout else "not ahead"
        kind = next(iter(counts))
        if kind == UNKNOWN:
            return f"It was not compared with the best other method: one of them has no figures on {where}."
        said = _SAID[kind]
        beside = f", {_without(shown_for)}," if _absent(shown_for[0]) else ""
        return f"Against the best other method{beside} it is, on {where}, {said} by {measured_by(shown_for)}, and {by_f1} by F1 at every list length."
    lacking = [results for results in shown_for if _absent(results)]
    beside = f"in {len(lacking)} of them {_without(lacking)}, " if lacking else ""
    parts = [f"{_SAID[kind]} in {counts[kind]}" for kind in _SAID if counts[kind]]
    return (
        f"Against the best other method, in {size} experiments on {where}, {beside}it is {words.listing(parts)} by {measured_by(shown_for)}; by F1 it is "
        f"ahead at every list length in {throughout or 'none'}."
    )


def _absent(results: Results) -> list[str]:
    """The methods that the best other one was not chosen among, since they have no figures."""
    return [method(name) for name in results.failed if name != results.model]


def _without(lacking: Sequence[Results]) -> str:
    """`without RNN, which has no figures`."""
    absent = list(dict.fromkeys(name for results in lacking for name in _absent(results)))
    return f"without {words.listing(absent)}, which {'has' if len(absent) == 1 else 'have'} no figures"


def measured_by(judged: Sequence[Results]) -> str:
    """`NDCG@10`; without the length where it is not the same in all."""
    lengths = {results.length for results in judged}
    return words.metric(NDCG) + (f"@{lengths.pop()}" if len(lengths) == 1 else "")


def _by_rank(results: Results) -> tuple[str, str | None]:
    """The verdict by NDCG, and against whom."""
    best = best_rival(results, NDCG)
    return verdict(results.gap(best, NDCG)) if best else UNKNOWN, best


def _is_ahead_by_f1(results: Results) -> bool:
    best = best_rival(results, F1)
    return best is not None and is_ahead_throughout(results, best)


def _grid(judged: Sequence[Results]) -> Grid:
    heads = [
        "experiment", f"by {measured_by(judged)} the model is", "by F1 it is", "best other by mean F1", "users", "mean F1",
        "times collaborative filtering", "times association rules",
    ]
    theirs = [_THEIRS, None, None, None, shown(None), shown(None), *map(times, _PUBLISHED.values())]
    lengths = words.listing([str(length) for length in sorted({length for results in judged for length in results.lengths})])
    counted = _counted(judged)
    bold = [place for place, results in enumerate(judged) if results in counted]
    return Grid(heads, [*map(_line, judged), theirs], _CAPTION.format(lengths=lengths), bold)


def _line(results: Results) -> list:
    best = best_rival(results, F1)
    row = results.row(results.model, F1)
    return [
        results.title, _against(results), over_lengths(results, best) if best else UNKNOWN, method(best) if best else None,
        number(row[c.USERS] if row else None, 0), shown(results.mean_f1(results.model)), *(times(results.times(name)) for name in _PUBLISHED),
    ]


def _against(results: Results) -> str:
    """`ahead of SASRec`, `behind SASRec`, `no difference shown from SASRec, without RNN, which has no figures`."""
    said, other = _by_rank(results)
    joined = {AHEAD: " of ", BEHIND: " ", OPEN: " from "}
    told = f"{said}{joined[said]}{method(other)}" if other and said in joined else said
    return f"{told}, {_without([results])}" if _absent(results) and said != UNKNOWN else told
