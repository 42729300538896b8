"""What a stage reads or writes, and in which state that is: told from metadata, without opening a data file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from pyspark.sql import functions as F

from recsys import columns as c
from recsys.night import Night
from recsys.tables import Table

Nights = Literal["every", "training", "pushing"]  # pushing: nights that only push, by the model of an earlier day


@dataclass(frozen=True)
class State:
    """What a part is now. As long as the fingerprint is the same, so is the part."""

    fingerprint: str
    about: str = ""  # for a person
    within: str | None = None  # for a day, the fingerprint of its table


class Part(Protocol):
    """Something that a stage reads or writes."""

    nights: Nights  # on which it does so
    needed: bool  # whether the stage fails without it
    made_by: str  # the job that makes it; empty for what comes from outside
    verb: str  # what writing does to it
    of: str  # the day of the night that it is of: ds, model_ds; or all

    @property
    def name(self) -> str:
        """As the docstring of a job calls it."""

    def label(self, night: Night) -> str:
        """With its day, if it has one."""

    def state(self, night: Night) -> State | None:
        """None where it is not there.

        Raises:
            Fault: what would describe it is wrong, as the stage would say itself.
        """

    def count(self, night: Night) -> int | None:
        """Its rows, by looking at it; None for what has none."""


@dataclass(frozen=True)
class TablePart:
    """The day of a night, or of its model, in a table; or the whole table, where one is not partitioned by day."""

    table: Table
    of: Literal["ds", "model_ds", "all"] = "ds"
    nights: Nights = "every"
    needed: bool = True

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def made_by(self) -> str:
        return self.table.made_by

    @property
    def verb(self) -> str:
        return "amends" if self.of == "all" else "replaces"

    def label(self, night: Night) -> str:
        return _dated(self, night)

    def state(self, night: Night) -> State | None:
        commit = night.lake.state(self.table)
        if commit is None:
            return None
        whole, seen = digest(commit), night.lake.seen
        if self.of == "all":
            return State(whole)
        label = self.label(night)
        if seen.get(label, ("",))[0] != whole:  # as long as nothing was committed at all, the day is as it was
            files = night.lake.files_of_day(self.table, day_of(self, night))  # takes Delta some tenths of a second
            if not files:
                return None
            seen[label] = whole, digest(*files)
        return State(seen[label][1], within=whole)

    def count(self, night: Night) -> int:
        rows = night.lake.read(self.table)
        return (rows if self.of == "all" else rows.where(F.col(c.DAY) == F.lit(day_of(self, night)))).count()


@dataclass(frozen=True)
class Thing:
    """What is no table: a log, a model, a page. `look` tells its state."""

    name: str
    look: Callable[[Night], State | None]
    made_by: str = ""
    of: Literal["ds", "model_ds", "all"] = "all"
    nights: Nights = "every"
    needed: bool = True
    verb: str = "replaces"

    def label(self, night: Night) -> str:
        return _dated(self, night)

    def state(self, night: Night) -> State | None:
        return self.look(night)

    def count(self, night: Night) -> None:
        return None


def day_of(part: Part, night: Night) -> date | None:
    return None if part.of == "all" else getattr(night, part.of)


def _dated(part: Part, night: Night) -> str:
    return part.name if part.of == "all" else f"{part.name} of {day_of(part, night)}"


def digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
