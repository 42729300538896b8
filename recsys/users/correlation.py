"""Which attributes say the same: their Pearson correlation and what is decided about each pair.

The rule: constant attributes are dropped. The others are taken in the order of the table; one whose
correlation with an attribute already kept reaches the threshold, in either direction, is dropped, since the
kept one stands for both (the papers' integration). Every pair is recorded with what became of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from recsys.users.moments import Moments

_DIGITS = 12  # the last digits of a sum depend on the order of its rows


class Pair(NamedTuple):
    """A row of the table `correlations`, without its day."""

    attribute_a: str
    attribute_b: str
    correlation: float | None
    decision: str
    kept_a: bool
    kept_b: bool


def correlations(found: Moments, attributes: Sequence[str], threshold: float) -> list[Pair]:
    """Every pair of attributes, the earlier first. `kept_a` and `kept_b` tell what became of each in the end."""
    related = np.abs(np.round(found.correlation, _DIGITS)) >= threshold
    keeps = _keeps(related, found.constant)
    return [
        Pair(
            attributes[a], attributes[b], _number(found.correlation[a, b]),
            _decision(attributes[a], attributes[b], related[a, b], found.constant[[a, b]], keeps[[a, b]]),
            bool(keeps[a]), bool(keeps[b]),
        )
        for a, b in combinations(range(len(attributes)), 2)
    ]


def retained(pairs: Iterable[Pair], attributes: Sequence[str]) -> list[str]:
    """The attributes that no pair drops, in the order of `attributes`. Rows of `correlations` serve as pairs."""
    dropped = set()
    for pair in pairs:
        dropped |= {name for name, kept in ((pair.attribute_a, pair.kept_a), (pair.attribute_b, pair.kept_b)) if not kept}
    return [name for name in attributes if name not in dropped]


def _keeps(related: np.ndarray, constant: np.ndarray) -> np.ndarray:
    keeps = ~constant
    for position in range(len(keeps)):
        keeps[position] &= not np.any(related[position, :position] & keeps[:position])
    return keeps


def _decision(a: str, b: str, related: bool, constant: np.ndarray, keeps: np.ndarray) -> str:
    if constant.any():
        return f"constant: dropped {' and '.join(name for name, is_constant in zip((a, b), constant) if is_constant)}"
    if not related:
        return "kept"
    if not keeps.any():
        return f"dropped {a} and {b}, kept one that stands for both"
    return f"dropped {b}, kept {a}" if keeps[0] else f"dropped {a}, kept {b}"


def _number(correlation: float) -> float | None:
    return None if np.isnan(correlation) else round(float(correlation), _DIGITS)
