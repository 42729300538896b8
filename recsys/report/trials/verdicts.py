"""Who is ahead: only a difference whose interval excludes zero says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from recsys import columns as c
from recsys.report.trials.names import F1
from recsys.report.trials.results import Results, Row

AHEAD, BEHIND, OPEN, FEW, UNKNOWN = "ahead", "behind", "no difference shown", "too few users", "not compared"
_ENOUGH = 40  # users; of fewer the bootstrap draws too few, and its interval excludes zero far too often: of ten users one time in eight


def verdict(gap: Row | None) -> str:
    """Of one row of `comparisons`."""
    if gap is None or gap[c.LOW] is None or gap[c.HIGH] is None:
        return UNKNOWN
    if gap[c.USERS] < _ENOUGH:
        return FEW
    return AHEAD if gap[c.LOW] > 0 else BEHIND if gap[c.HIGH] < 0 else OPEN


def over_lengths(results: Results, other: str) -> str:
    """F1 against `other` at every list length: one verdict if all agree, else how many there are of each."""
    return together([verdict(results.gap(other, F1, length)) for length in results.lengths])


def together(verdicts: Sequence[str]) -> str:
    """`ahead at all 6 lengths`, `ahead at 4 of 6 lengths, no difference shown at 2`; as it is where there is one only."""
    counts = Counter(verdicts)
    if len(verdicts) < 2 or set(counts) == {UNKNOWN}:
        return next(iter(counts), UNKNOWN)
    if len(counts) == 1:
        return f"{verdicts[0]} at all {len(verdicts)} lengths"
    parts = [f"{said} at {counts[said]}" for said in (AHEAD, BEHIND, OPEN, FEW, UNKNOWN) if counts[said]]
    return ", ".join([f"{parts[0]} of {len(verdicts)} lengths", *parts[1:]])


def is_ahead_throughout(results: Results, other: str) -> bool:
    return bool(results.lengths) and all(verdict(results.gap(other, F1, length)) == AHEAD for length in results.lengths)


def best_rival(results: Results, metric: str) -> str | None:
    """The best other method by `metric`; by F1 that is by the mean over all lengths."""
    values = {name: results.mean_f1(name) if metric == F1 else results.value(name, metric) for name in results.rivals}
    known = {name: value for name, value in values.items() if value is not None}
    return min(known, key=lambda name: (-known[name], name)) if known else None
