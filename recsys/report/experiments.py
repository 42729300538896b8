"""The page of the experiments: who is ahead on the first screen, then all of it in two tables, then one section per experiment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from recsys.experiments.plan import Experiment
from recsys.faults import MissingTable
from recsys.night import Night
from recsys.report import words
from recsys.report.page import Block, Section, Text, render, section
from recsys.report.trials import accuracy, provenance
from recsys.report.trials.ablation import ablation
from recsys.report.trials.costs import costs
from recsys.report.trials.headline import headline
from recsys.report.trials.overview import overview
from recsys.report.trials.rates import rates
from recsys.report.trials.results import Results
from recsys.report.trials.slices import slices

_PARTS = (
    ablation, accuracy.by_length, accuracy.measures, accuracy.comparisons, rates, slices, costs,
)


def page(carried_out: Sequence[tuple[Experiment, Night]], planned: Sequence[Experiment] = ()) -> str:
    """The page as HTML. What an experiment lacks is said in its place, and which of those `planned` are missing; the rest of the page stands."""
    experiments = [Results(experiment, night) for experiment, night in carried_out]
    judged = [results for results in experiments if _is_judged(results)]
    together = overview(judged)
    sections = [Section("overview", "Every method in every experiment", tuple(together))] if together else []
    sections += [section(results.experiment.name, results.title, lambda results=results: _told(results)) for results in experiments]
    last = (
        ("methods", "The methods", lambda: provenance.methods(judged)),
        ("limits", "What the figures do not show", provenance.not_shown),
        ("provenance", "What this page was made from", lambda: provenance.made_from(experiments)),
    )
    made = f"{words.plural(len(judged), 'experiment')} on who recommends best, and at what cost"
    first = Section("headline", "", (*headline(judged), *_missing(planned, [experiment for experiment, _ in carried_out])))
    return render("The papers' experiments", made, first, [*sections, *(section(*about) for about in last)])


def _missing(planned: Sequence[Experiment], carried_out: Sequence[Experiment]) -> list[Text]:
    titles = [experiment.title for experiment in planned if experiment not in carried_out]
    said = f"Of this set {len(titles)} of {len(planned)} are not shown, since they were not carried out with the present settings: {'; '.join(titles)}."
    return [Text(said)] if titles and carried_out else []


def _is_judged(results: Results) -> bool:
    try:
        return bool(results.figures)
    except MissingTable:
        return False


def _told(results: Results) -> Sequence[Block]:
    results.methods  # without figures the whole section is missing
    return [*provenance.protocol(results), *(block for part in _PARTS for block in _part(part, results))]


def _part(build: Callable[[Results], Sequence[Block]], results: Results) -> Iterator[Block]:
    try:
        yield from build(results)
    except MissingTable as missing:
        yield Text(f"Nothing to show here yet. {missing} Or run jobs/run_experiments.py --only {results.experiment.name}.")
