"""A row of the table: what was measured, on both sides, what it was to be, and how far the repeats lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.measure import Taken


@dataclass(frozen=True)
class Figure:
    """One side of a row: one value for each repeat, and the seconds of each where it was timed."""

    values: tuple[float, ...]
    unit: str
    taken: tuple[Taken, ...] = ()

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def noise(self) -> float | None:
        """Half of what lies between the least and the greatest value, as a share of the median; None for one value."""
        if len(self.values) < 2 or not self.median:
            return None
        return (max(self.values) - min(self.values)) / 2 / abs(self.median)


@dataclass(frozen=True)
class Aim:
    """What the ratio has to be, or, of a row with one side, the figure."""

    least: float | None = None
    most: float | None = None
    unit: str = "×"

    def met_by(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        sign, bound = ("≥", self.least) if self.most is None else ("≤", self.most)
        return f"{sign} {bound:g} {self.unit}".rstrip()


@dataclass(frozen=True)
class Row:
    """`ours` against `theirs`, a peer's figure or a bound; the repeats of both were made in turns."""

    measured: str
    ours: Figure
    against: str = ""
    theirs: Figure | None = None
    aim: Aim | None = None

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours by theirs, turn by turn; none for a row with one side."""
        return () if self.theirs is None else tuple(ours / theirs for ours, theirs in zip(self.ours.values, self.theirs.values))

    @property
    def verdict(self) -> str:
        if self.aim is None:
            return ""
        return "met" if self.aim.met_by(median(self.ratios) if self.ratios else self.ours.median) else "short of the aim"


def rate(taken: Sequence[Taken], amount: float, unit: str) -> Figure:
    """`amount` a second on the clock."""
    return Figure(tuple(amount / each.wall for each in taken), f"{unit}/s", tuple(taken))


def cpu_rate(taken: Sequence[Taken], amount: float, unit: str) -> Figure:
    """`amount` a second of a processor."""
    return Figure(tuple(amount / max(each.cpu, 1e-3) for each in taken), f"{unit}/CPU s", tuple(taken))
