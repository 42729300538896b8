"""Which figures are taken of a list, and their numerators and denominators user by user."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.evaluation import metrics, rates
from recsys.evaluation.listing import Listing
from recsys.evaluation.outcomes import LIKED

Cells = tuple[np.ndarray, np.ndarray]  # numerators and denominators, float64 [users, cells]
MEASURES = (*metrics.LIKING, *rates.RATES, metrics.NOVELTY, metrics.DIVERSITY)


def cells(lengths: Sequence[int], names: Sequence[str] = MEASURES) -> list[tuple[str, int]]:
    """(metric, list length) of every cell, in order."""
    return [(name, k) for name in names for k in lengths]


def liking_cells(hits: np.ndarray, targets: np.ndarray, lengths: Sequence[int]) -> Cells:
    """The cells of what users went on to like; a denominator of 0 for users without a target. See `metrics.liking`."""
    by_length = {k: metrics.liking(hits, targets, k) for k in lengths}
    asked = (targets > 0).astype(np.float64)
    found = [by_length[k][name] * asked for name, k in cells(lengths, metrics.LIKING)]
    return np.stack(found, axis=1), np.repeat(asked[:, None], len(found), axis=1)


def list_cells(rows: Listing, lengths: Sequence[int], measurable: Sequence[str]) -> Cells:
    """Every cell of `cells(lengths)`; a denominator of 0 where a user, or the whole log, cannot tell."""
    numerator, denominator = liking_cells((rows.outcome & LIKED) > 0, rows.targets, lengths)
    found: dict[tuple[str, int], Cells] = {}
    for k in lengths:
        told = rates.rates(rows.outcome, rows.listed, k)
        found |= {(name, k): told[name] if name in measurable else (np.zeros(len(rows.listed)),) * 2 for name in rates.RATES}
        found[metrics.NOVELTY, k] = metrics.novelty(rows.information, rows.listed, k), (rows.listed > 0).astype(np.float64)
        share, pairs = metrics.diversity(rows.category, k)
        found[metrics.DIVERSITY, k] = share, (pairs > 0).astype(np.float64)
    rest = [found[cell] for cell in cells(lengths)[numerator.shape[1]:]]
    return (
        np.hstack([numerator, *(part[:, None] for part, _ in rest)]), np.hstack([denominator, *(whole[:, None] for _, whole in rest)])
    )
