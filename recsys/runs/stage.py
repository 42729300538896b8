"""A stage of a night as its job declares it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from recsys.night import Night
from recsys.runs.parts import Nights, Part, TablePart
from recsys.secrets import told
from recsys.settings import Settings
from recsys.tables import Table


@dataclass(frozen=True)
class Counts:
    """Rows that a stage counted itself, where its tables do not tell them."""

    rows_in: int
    rows_out: int
    rejected: int = 0


@dataclass(frozen=True)
class Stage:
    """What a job does, and all that its result depends on.

    As long as that is the same, a stage need not be done again. So what it reads must be among `reads`, and a setting
    that changes its result among `settings`: names of `Settings`, or `section.key` for one of a section. The section
    `spark` is never among them: it says where and how fast, not what.
    """

    name: str  # of the file in jobs/
    run: Callable[[Night], Counts | None]
    reads: tuple[Part, ...]
    writes: tuple[Part, ...]
    settings: tuple[str, ...] = ()
    apart: bool = False  # whether what it leaves with other settings stays beside what it leaves with these

    def reads_on(self, night: Night) -> dict[str, Part]:
        """What it reads on this night, by label."""
        return _on(self.reads, night)

    def writes_on(self, night: Night) -> dict[str, Part]:
        return _on(self.writes, night)

    def settings_of(self, settings: Settings) -> str:
        """The settings that matter, as JSON without secrets."""
        known = told(settings)
        return json.dumps({name: _value(known, name) for name in self.settings}, default=str)


def whole(*tables: Table, needed: bool = True) -> tuple[TablePart, ...]:
    """Tables as they are, with all their days."""
    return tuple(TablePart(table, "all", needed=needed) for table in tables)


def day(*tables: Table, nights: Nights = "every", needed: bool = True) -> tuple[TablePart, ...]:
    """Tables on the day of the night."""
    return tuple(TablePart(table, "ds", nights, needed) for table in tables)


def model_day(*tables: Table, nights: Nights = "every", needed: bool = True) -> tuple[TablePart, ...]:
    """Tables on the day of its model, on which they were fitted."""
    return tuple(TablePart(table, "model_ds", nights, needed) for table in tables)


def _on(parts: tuple[Part, ...], night: Night) -> dict[str, Part]:
    kinds = ("every", "training" if night.trains else "pushing")
    return {part.label(night): part for part in parts if part.nights in kinds}


def _value(known: dict[str, Any], name: str) -> Any:
    return reduce(lambda section, key: section[key], name.split("."), known)
