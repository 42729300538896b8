"""What each part of the model is worth: the whole model less the same model without that part."""

from __future__ import annotations

from collections.abc import Sequence

from recsys import columns as c
from recsys.report import words
from recsys.report.page import Block, Grid, Heading, Picture, Text
from recsys.report.trial_figures import differences
from recsys.report.trials.names import F1, NDCG, method, part
from recsys.report.trials.numbers import difference, interval, shown, signed
from recsys.report.trials.results import Results
from recsys.report.trials.verdicts import AHEAD, BEHIND, FEW, OPEN, UNKNOWN, over_lengths, verdict

_SAID = {AHEAD: "a gain", BEHIND: "a loss", OPEN: "no gain shown", FEW: FEW, UNKNOWN: UNKNOWN}


def ablation(results: Results) -> Sequence[Block]:
    """Nothing where the experiment is not about parts."""
    if not results.experiment.ablation_of:
        return []
    heading = Heading("What each part of the model is worth")
    if not results.gaps or not results.variants or results.model not in results.figures:
        return [heading, Text("This cannot be told: the whole model or every model without a part lacks figures, as said above.")]
    return [heading, Text(_summary(results)), *_picture(results), *_grids(results)]


def _summary(results: Results) -> str:
    """Which parts earn their place by NDCG, and which do not."""
    by_verdict = {said: [part(name) for name in results.variants if _verdict(results, name) == said] for said in _SAID}
    measure = f"NDCG@{results.length}"
    gains, losses, none, unknown = (by_verdict[said] for said in (AHEAD, BEHIND, OPEN, UNKNOWN))
    unknown += by_verdict[FEW]
    said = [f"By {measure}, a gain is shown for {words.listing(gains)}." if gains else f"By {measure}, no part shows a gain."]
    if none and gains:
        said.append(f"No gain is shown for {words.listing(none)}: the interval of the difference holds zero.")
    if losses:
        said.append(f"The lists are better without {words.listing(losses, 'or')}.")
    if unknown:
        said.append(f"Not compared: {words.listing(unknown)}.")
    if len(results.experiment.seeds) == 1:
        said.append("Each model was trained once; the intervals are over users, and another seed might give as large a difference.")
    return " ".join(said)


def _verdict(results: Results, name: str) -> str:
    return verdict(results.gap(name, NDCG))


def _picture(results: Results) -> list[Picture]:
    """None where no part has an interval."""
    gaps = {part(name): gap for name in results.variants if (gap := results.gap(name, NDCG)) and gap[c.LOW] is not None}
    if not gaps:
        return []
    return [Picture(
        differences(
            {name: (gap[c.DIFFERENCE], gap[c.LOW], gap[c.HIGH]) for name, gap in gaps.items()}, f"NDCG@{results.length} lost without it", results.stamp
        ),
        f"Chart of what the model loses without {words.listing(list(gaps), 'or')}, with intervals.",
        results.stamped("Points: the difference; lines: its 95 % interval. A part whose line crosses zero shows neither gain nor loss."),
    )]


def _grids(results: Results) -> list[Grid]:
    """By NDCG at one length, then by F1 at that length and in short at all."""
    at, whole = results.length, method(results.model)
    by_rank = [[whole, shown(results.value(results.model, NDCG)), signed(None), None, None]]
    by_hits = [[whole, shown(results.value(results.model, F1)), signed(None), None, None]]
    for name in results.variants:
        gap = results.gap(name, NDCG)
        by_rank.append([method(name), shown(results.value(name, NDCG)), difference(gap), interval(gap, "+.4f"), _SAID[verdict(gap)]])
        gap = results.gap(name, F1)
        by_hits.append([method(name), shown(results.value(name, F1)), difference(gap), interval(gap, "+.4f"), over_lengths(results, name)])
    caption = "Worth: the whole model less the one without the part, on the same users and in the same replicates of the bootstrap."
    heads = ["worth of the part", "95 % interval"]
    return [
        Grid(["model", f"NDCG@{at}", *heads, "the part is"], by_rank, caption, [0]),
        Grid(["model", f"F1@{at}", *heads, "the whole model is, by length"], by_hits, "The same by F1.", [0]),
    ]
