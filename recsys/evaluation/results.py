"""From tallies to rows of the tables `evaluations`, `comparisons` and `costs`, without their day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from recsys.evaluation import metrics
from recsys.evaluation.bootstrap import Sums, averaged, interval
from recsys.evaluation.cells import cells
from recsys.evaluation.compare import Comparison
from recsys.evaluation.costs import training_cost
from recsys.evaluation.measure import Tally
from recsys.evaluation.slices import ALL, NEW_TARGETS, REPEATED_TARGETS
from recsys.settings import EvaluationSettings
from recsys.tables import COMPARISONS, COSTS, EVALUATIONS, Table
from recsys.training.artifact import read_manifest


def results(
    comparison: Comparison, folders: Mapping[str, Sequence[str]], split: str, settings: EvaluationSettings, catalogue: int
) -> list[tuple[Table, list[tuple]]]:
    """The rows of each table that an evaluation writes, without their day.

    Args:
        folders: those of the models, by the name that they were judged under.
        catalogue: products of the history, of which coverage is a share.
    """
    judged, lengths = comparison.tallies, settings.list_lengths
    models = [name for name in folders if name in judged]
    trained = [training_cost(name, [*map(read_manifest, folders[name])], comparison.users) for name in models]
    return [
        (EVALUATIONS, [row for name in judged for row in evaluation_rows(name, split, judged[name], lengths, catalogue)]),
        (COMPARISONS, [row for name in models for row in comparison_rows(name, split, judged, lengths)]),
        (COSTS, [*comparison.costs, *trained]),
    ]


def evaluation_rows(method: str, split: str, tallies: Sequence[Tally], lengths: Sequence[int], catalogue: int) -> Iterator[tuple]:
    """Every figure of a method that was measured once for each of its seeds.

    Args:
        catalogue: products of the history, of which coverage is a share.
    """
    for name in tallies[0].slices:
        yield from _figures((method, split, name), [tally.slices[name] for tally in tallies], lengths)
    for place, k in enumerate(lengths):
        parts = {
            metrics.COVERAGE: [(tally.listed[place], catalogue) for tally in tallies],
            metrics.OWN_SHARE: [(tally.own[place], tally.places[place]) for tally in tallies],
        }
        for metric, counts in parts.items():
            part, whole = np.mean(counts, axis=0)
            shares = np.array([own / of for own, of in counts])
            yield (
                method, split, ALL, metric, k, float(shares.mean()), None, None, float(part), float(whole), None, len(tallies), _deviation(shares),
            )


def _figures(key: tuple[str, str, str], sums: Sequence[Sums], lengths: Sequence[int]) -> Iterator[tuple]:
    mean = averaged(sums)
    low, high = interval(mean.ratios)
    by_seed = np.stack([one.ratios[:, 0] for one in sums])
    for place, (metric, k) in enumerate(_cells(key[-1], lengths)):
        yield (
            *key, metric, k, _number(mean.ratios[place, 0]), _number(low[place]), _number(high[place]),
            float(mean.numerator[place, 0]), float(mean.denominator[place, 0]), int(mean.users[place]), len(sums),
            _deviation(by_seed[:, place]),
        )


def comparison_rows(method: str, split: str, tallies: Mapping[str, Sequence[Tally]], lengths: Sequence[int]) -> Iterator[tuple]:
    """`method` against every other one of `tallies`: the difference on the same users in the same replicates."""
    ours = {name: averaged([tally.slices[name] for tally in tallies[method]]) for name in tallies[method][0].slices}
    for other in tallies:
        if other == method:
            continue
        for name, mine in ours.items():
            theirs = averaged([tally.slices[name] for tally in tallies[other]])
            difference = mine.ratios - theirs.ratios
            low, high = interval(difference)
            for place, (metric, k) in enumerate(_cells(name, lengths)):
                if not np.isnan(difference[place, 0]):
                    base = theirs.ratios[place, 0]
                    yield (
                        method, other, split, name, metric, k, float(difference[place, 0]), float(mine.ratios[place, 0] / base) if base else None,
                        _number(low[place]), _number(high[place]), int(mine.users[place]),
                    )


def _cells(name: str, lengths: Sequence[int]) -> list[tuple[str, int]]:
    return cells(lengths, metrics.LIKING) if name in (REPEATED_TARGETS, NEW_TARGETS) else cells(lengths)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _deviation(values: np.ndarray) -> float | None:
    """Sample standard deviation over seeds; None where there is one only, or nothing to measure."""
    return _number(np.std(values, ddof=1)) if len(values) > 1 else None
