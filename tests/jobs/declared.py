"""Hand a stage only what it declares, so that a test fails where it looks at anything else."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

from recsys.lake import Lake
from recsys.night import Night
from recsys.runs.stage import Stage
from recsys.settings import Settings
from recsys.tables import Table

_PLACES = ("folder",)  # where files are looked up that settings name; what they hold is among the reads


class Undeclared:
    """Stands in for a setting; it can be copied whole into a record, but not be looked into."""

    def __init__(self, name: str, known: object = None, allowed: tuple[str, ...] = ()) -> None:
        self.__dict__.update(_name=name, _known=known, _allowed=allowed)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._allowed:
            return getattr(self._known, name)
        raise AssertionError(f"the stage reads the setting {self._name}.{name}, which it does not declare")

    def _refuse(self, *_: object) -> Any:
        raise AssertionError(f"the stage reads the setting {self._name}, which it does not declare")

    __fspath__ = __str__ = __bool__ = __iter__ = __truediv__ = __rtruediv__ = __eq__ = __hash__ = _refuse

    def __deepcopy__(self, memo: dict) -> str:
        return "undeclared"


def declared(stage: Stage, night: Night) -> Night:
    """`night` with only the tables and the settings that `stage` declares."""
    tables = {part.name for part in (*stage.reads_on(night).values(), *stage.writes_on(night).values())}
    return replace(night, lake=Fenced(night.lake.spark, night.lake.root, allowed=frozenset(tables)), settings=fenced(stage, night.settings))


def fenced(stage: Stage, settings: Settings) -> Settings:
    sections: dict[str, list[str]] = {}
    for name in stage.settings:
        section, _, key = name.partition(".")
        sections.setdefault(section, []).append(key)
    copied = copy.copy(settings)
    for name in Settings.__dataclass_fields__:
        keys = [""] if name in _PLACES else sections.get(name, [])
        if "" not in keys:
            object.__setattr__(copied, name, Undeclared(name, getattr(settings, name), tuple(keys)))
    return copied


@dataclass(frozen=True)
class Fenced(Lake):
    """A lake that gives no table but those `allowed`."""

    allowed: frozenset[str] = frozenset()

    def location(self, table: Table) -> str:
        """All that reads or writes a table asks where it is."""
        assert table.name in self.allowed, f"the stage looks at the table {table.name}, which it does not declare"
        return super().location(table)

    # Of any table: whether it is there, and the number of its last commit, are told in records and on the page; no row is looked at.
    def exists(self, table: Table) -> bool:
        return Lake(self.spark, self.root).exists(table)

    def version(self, table: Table) -> int:
        return Lake(self.spark, self.root).version(table)
