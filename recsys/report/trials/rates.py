"""The three rates of the second paper, where the log can tell of them, beside the figures that the paper printed."""

from __future__ import annotations

from collections.abc import Sequence

from recsys import columns as c
from recsys.evaluation.rates import CLICK_THROUGH, FAVOURABLE, RATES, TRANSACTION
from recsys.report import words
from recsys.report.page import Block, Grid, Heading, Pair, Picture, Text
from recsys.report.trial_figures import rate_bars
from recsys.report.trials.names import method
from recsys.report.trials.numbers import share, times
from recsys.report.trials.results import Results
from recsys.report.trials.verdicts import verdict

_PUBLISHED = {"AdaBoost": (0.78, 0.82, 0.85), "RNN": (0.86, 0.89, 0.90), "DNN": (0.89, 0.92, 0.95)}  # P2
_RATIOS = {("dnn", "adaboost"): (1.14, 1.12, 1.12), ("dnn", "rnn"): (1.03, 1.03, 1.06)}  # P2, of the same figures
_NEEDS = {
    CLICK_THROUGH: "browsing", TRANSACTION: "browsing and purchases", FAVOURABLE: "purchases or ratings, and favourites or ratings",
}
_MEANING = (
    "Click-through: listed products that the user touched. Transaction: of these, the ones that were bought. Favourable: of the listed products "
    "that were bought or rated, the ones collected or praised. All are over the lists of users who came back: those of the others would lower every "
    "method's click-through by one factor. Nobody saw these lists, so all three are offline."
)
_UNKNOWN = "not measurable here"


def rates(results: Results) -> Sequence[Block]:
    known = [rate for rate in RATES if any(results.value(name, rate) is not None for name in results.methods)]
    missing = [f"the {words.metric(rate)} needs {_NEEDS[rate]}" for rate in RATES if rate not in known]
    heading = Heading("The three rates of the second paper")
    lacking = [Text(f"Not measurable here, for want of behaviours in the log: {words.listing(missing)}.")] if missing else []
    if not known:
        return [heading, *lacking]
    return [heading, Text(_MEANING), *lacking, _picture(results, known), _beside(results, known), *_ratios(results, known)]


def _picture(results: Results, known: Sequence[str]) -> Picture:
    names = _names(results)
    bars = {words.metric(rate): [results.value(name, rate) for name in names] for rate in known}
    leaders = [f"{method(max(names, key=lambda name: results.value(name, rate) or 0))} leads in {words.metric(rate)}" for rate in known]
    return Picture(
        rate_bars([method(name) for name in names], bars, results.stamp),
        f"Bar chart of {words.listing(list(bars))} by method. {words.listing(leaders)}.",
        results.stamped(f"Lists of {results.length} products."),
    )


def _names(results: Results) -> list[str]:
    """The model and its rivals, as far as they were judged."""
    return [name for name in results.methods if name not in results.variants]


def _beside(results: Results, known: Sequence[str]) -> Pair:
    heads = ["method", *map(words.metric, RATES)]
    names = _names(results)
    ours = [[method(name), *(share(results.value(name, rate)) if rate in known else _UNKNOWN for rate in RATES)] for name in names]
    theirs = [[name, *map(words.share, values)] for name, values in _PUBLISHED.items()]
    note = "Two things that must not be compared: the paper's are of other data, of lists that users saw, and it does not define them."
    bold = [place for place, name in enumerate(names) if name == results.model]
    quoted = Grid(heads, theirs, "The second paper, its own figures")
    return Pair("Ours, and what the second paper printed", note, Grid(heads, ours, "Here", bold), quoted)


def _ratios(results: Results, known: Sequence[str]) -> list[Grid]:
    """The second paper's network by its controls, and the model by the same, each beside the ratio that the paper printed."""
    pairs = [*_RATIOS, *((results.model, other) for other in ("adaboost", "rnn") if results.model != "dnn")]
    lines = [
        [f"{method(name)} by {method(other)}", *(_ratio(results, name, other, rate) if rate in known else _UNKNOWN for rate in RATES),
         " / ".join(map(times, _RATIOS.get((name, other), ()))) or None]
        for name, other in pairs if name in results.figures and other in results.figures
    ]
    heads = ["", *map(words.metric, RATES), "the second paper's own (theirs)"]
    caption = "One method's rate as a multiple of another's, with what the interval of the difference says."
    return [Grid(heads, lines, caption)] if lines else []


def _ratio(results: Results, name: str, other: str, rate: str) -> str:
    gap = results.between(name, other, rate)
    return f"{times(gap[c.RATIO] if gap else None)}, {verdict(gap)}"
