"""How sure a mean or a difference is: the Poisson bootstrap over users (Chamandy et al. 2012).

A replicate counts every user as often as a draw from a Poisson distribution of mean 1 says: a bootstrap that
needs to know neither the number of users nor where they lie. A user's draws follow from the seed and the user
alone, so all methods are measured on the same replicates, and the difference of two methods within a replicate
is a paired one. Figures are sums over users, numerator and denominator, so what a partition adds is as large as
its cells and replicates, however many users it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEVEL = 95  # per cent of the replicates that lie within an interval
# Numerators are rounded to this grid: sums of them are then exact, the same in whatever order users come, up to
# about eight million users of a metric below 1.
_GRID = 2.0**30


@dataclass(frozen=True)
class Sums:
    """Ratios of sums over users, once for the data themselves and once for every replicate."""

    numerator: np.ndarray  # [cells, 1 + replicates]; column 0 counts every user once
    denominator: np.ndarray  # the same
    users: np.ndarray  # int64 [cells], with a denominator

    @classmethod
    def of(cls, numerator: np.ndarray, denominator: np.ndarray, weights: np.ndarray) -> Sums:
        """The sums of some users, from [users, cells] twice and [users, 1 + replicates]."""
        gridded = np.rint(numerator * _GRID) / _GRID
        return cls(gridded.T @ weights, denominator.T @ weights, (denominator > 0).sum(axis=0))

    def merge(self, other: Sums) -> Sums:
        return Sums(self.numerator + other.numerator, self.denominator + other.denominator, self.users + other.users)

    @property
    def ratios(self) -> np.ndarray:
        """float64 [cells, 1 + replicates], NaN where there is nothing to divide by."""
        filled = np.where(self.denominator > 0, self.denominator, np.nan)
        return self.numerator / filled


def averaged(sums: Sequence[Sums]) -> Sums:
    """The sums of a method that was measured several times on the same users: every user's mean."""
    return Sums(
        np.mean([one.numerator for one in sums], axis=0), np.mean([one.denominator for one in sums], axis=0),
        np.max([one.users for one in sums], axis=0),
    )


def weights(draws: np.ndarray, replicates: int) -> np.ndarray:
    """How often each user counts: float64 [users, 1 + replicates], 1 in column 0.

    Args:
        draws: int64 [users], a hash of seed and user.
    """
    counts = np.ones((len(draws), 1 + replicates))
    for row, draw in enumerate(draws.astype(np.uint64)):
        counts[row, 1:] = np.random.Generator(np.random.Philox(key=draw)).poisson(1.0, replicates)
    return counts


def interval(ratios: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The percentile interval of every cell of [cells, 1 + replicates]; NaN where no replicate can be measured."""
    tail = (100 - LEVEL) / 2
    measured = ~np.isnan(ratios[:, 1:]).all(axis=1)
    bounds = np.full((2, len(ratios)), np.nan)
    bounds[:, measured] = np.nanpercentile(ratios[measured, 1:], [tail, 100 - tail], axis=1)
    return bounds[0], bounds[1]
