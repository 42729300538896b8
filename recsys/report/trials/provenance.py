"""By which rules an experiment was held, which methods took part, what no figure shows, and what the page was made from."""

from __future__ import annotations

from collections.abc import Sequence

from recsys import __version__
from recsys import tables as t
from recsys.report import words
from recsys.report.page import Block, Folded, Grid, Text
from recsys.report.sections.provenance import as_yaml, comparison
from recsys.report.trials.names import about, method
from recsys.report.trials.results import Results

_TABLES = (t.EVENTS, t.EVALUATIONS)
_PROTOCOLS = {
    "week": "As in the second paper the test is one week: lists are made when it begins, and held against what users did in it.",
    "six_to_four": "As in the first paper, 6:4: the day from which on is tested is the first one with 60 % of all events before it.",
    "random": "As in the second paper, 70/30 at random.",
    "leave_one_out": "As sequence models are usually compared in public.",
}
_SIMULATED = (
    "The log is simulated: a seeded program made it, with no real user behind it. It shows that everything works, and how methods react to "
    "what was planted; not how good they are in a shop."
)


def protocol(results: Results) -> Sequence[Block]:
    """How the experiment was held, in words."""
    lead = [_SIMULATED] if results.experiment.simulated else []
    lead += [_PROTOCOLS[results.experiment.protocol]] if results.experiment.protocol in _PROTOCOLS else []
    return [*([Text(" ".join(lead))] if lead else []), *comparison(results.night), Text(_training(results)), *_failed(results)]


def _training(results: Results) -> str:
    seeds = results.experiment.seeds
    once = f"Every model was trained with {_seeds(seeds)}" + ("." if len(seeds) == 1 else ", and its figures are means over them.")
    short = [f"{method(name)} with {_seeds(its)}" for name, its in results.cut_short.items()]
    budget = (
        f" {words.listing(short)} {'was' if len(short) == 1 else 'were'} still getting better on the validation part when the epochs or minutes of "
        "training were over: with more of them the lists might have become better."
    ) if short else ""
    return f"{once}{budget} All methods are asked for the same users and judged by the same code."


def _seeds(seeds: Sequence[int]) -> str:
    return f"{'seed' if len(seeds) == 1 else 'the seeds'} {words.listing([*map(str, seeds)])}"


def _failed(results: Results) -> list[Text]:
    missing = words.listing([method(name) for name in results.failed])
    again = f"jobs/run_experiments.py --only {results.experiment.name} runs it again."
    return [Text(f"Without figures: {missing}. They failed or were not asked; the log of the run says why. {again}")] if results.failed else []


def methods(judged: Sequence[Results]) -> Sequence[Block]:
    """What each method does, those of any experiment."""
    names = list(dict.fromkeys(name for results in judged for name in [results.model, *results.rivals, *results.variants]))
    return [Grid(["method", "what it lists"], [[method(name), about(name) or None] for name in names])]


def not_shown() -> Sequence[Block]:
    return [
        Text(
            "Nobody saw these lists. Whether a user took a product is known, whether a push would have made them take it is not: the rates are "
            "offline, and only a test with a group that gets no pushes shows what pushes are worth. What a user took from elsewhere is not known."
        ),
        Text(
            "An interval speaks of other users: how much the figures hang on who the users happen to be; not of another month, another shop, another choice of "
            "settings or other seeds, for a model's figures are means over its seeds, and only users are drawn anew. It holds for one line: of a hundred lines without any true difference, about five say ahead or behind. "
            "The mean of F1 over lengths has no interval of its own; F1 at each length has."
        ),
        Text(
            "Costs hold for one machine, on which methods ran one after the other, and memory counts all that the run held there, also from before. The "
            "papers' own figures are quoted as theirs: their data and protocols are not public, so nothing here confirms or refutes them."
        ),
    ]


def made_from(experiments: Sequence[Results]) -> Sequence[Block]:
    lines = [[results.title, results.night.ds, *(_version(results, table) for table in _TABLES), results.code] for results in experiments]
    caption = (
        "The last day of each log, the Delta versions of its tables when this page was written, and the code that made the figures: its version and the "
        "hash of its sources, alike where the code was."
    )
    return [
        Text(f"recsys {__version__}."), Grid(["experiment", "last day", *(table.name for table in _TABLES), "judged by"], lines, caption),
        *(Folded(f"Settings of {results.title}", _settings(results)) for results in experiments),
    ]


def _settings(results: Results) -> str:
    return f"# the experiment\n{as_yaml(results.experiment)}\n# its settings\n{as_yaml(results.night.settings)}"


def _version(results: Results, table: t.Table) -> str:
    lake = results.night.lake
    return str(lake.version(table)) if lake.exists(table) else "not written"
