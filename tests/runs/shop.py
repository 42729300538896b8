"""A night without a lake: what its one stage reads and writes are names in a dictionary, and `runs` is a list."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from types import SimpleNamespace

from recsys.night import Night
from recsys.runs.attempts import Attempts
from recsys.runs.ledger import Attempt, Ledger
from recsys.runs.parts import State, Thing
from recsys.runs.stage import Counts, Stage
from recsys.settings import Settings

DS = date(2020, 1, 31)


def part(name: str, needed: bool = True) -> Thing:
    """Its state is what the settings' stand-in for a lake holds under its name."""
    return Thing(name, lambda night: night.lake.held.get(name), made_by=f"make_{name}", needed=needed)


@dataclass
class Shop:
    """`held` are the parts that are there; `calls` counts how often the stage ran."""

    held: dict[str, State] = field(default_factory=lambda: {"log": State("l1"), "old": State("o1")})
    attempts: list[Attempt] = field(default_factory=list)
    settings: Settings = Settings(source="shop.yaml")
    calls: int = 0
    fails: BaseException | None = None

    def run(self, night: Night) -> Counts:
        self.calls += 1
        if self.fails:
            raise self.fails
        self.held["page"] = State(f"p{self.calls}")
        return Counts(9, 6, 2)

    @property
    def stage(self) -> Stage:
        return Stage("write_page", self.run, (part("log"), part("old", needed=False)), (part("page"),), ("split", "pushes.n"))

    def night(self, model_ds: date = DS) -> Night:
        return Night(SimpleNamespace(held=self.held, written={}, state=lambda table: self.held.get(table.name)), self.settings, DS, model_ds)

    def ledger(self) -> Ledger:
        return InMemory(None, list(self.attempts), kept=self.attempts)

    def make(self, run_id: str = "r", force: bool = False, **changes) -> str:
        return Attempts(self.night(), self.ledger(), force, run_id).make(replace(self.stage, **changes))


@dataclass
class InMemory(Ledger):
    """Keeps what is written for the next run, as the table would."""

    kept: list[Attempt] = field(default_factory=list)

    def write(self) -> None:
        self.kept += self._waiting
        self.attempts += self._waiting
        self._waiting = []
