"""Figures of the tables as the cells of a grid."""

from __future__ import annotations

from recsys import columns as c
from recsys.report import words
from recsys.report.trials.results import Row

_NOTHING = "–"  # stands right, below numbers
_GIB = 2**30


def shown(value: float | None) -> str:
    return _NOTHING if value is None else words.figure(value)


def signed(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:+.4f}"


def difference(gap: Row | None) -> str:
    return signed(gap[c.DIFFERENCE] if gap else None)


def times(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.2f} ×"


def share(value: float | None) -> str:
    return _NOTHING if value is None else words.share(value)


def number(value: float | None, digits: int = 1) -> str:
    return _NOTHING if value is None else f"{value:,.{digits}f}"


def milliseconds(seconds: float | None) -> str:
    return number(None if seconds is None else 1000 * seconds, 0 if seconds and seconds >= 0.01 else 1)


def gib(size: int | None) -> str:
    return number(None if size is None else size / _GIB)


def interval(row: Row | None, form: str = ".4f") -> str | None:
    """`0.0101 to 0.0202`, of a row with low and high; never broken across lines."""
    if row is None or row[c.LOW] is None or row[c.HIGH] is None:
        return None
    return f"{row[c.LOW]:{form}}\u00a0to\u00a0{row[c.HIGH]:{form}}"
