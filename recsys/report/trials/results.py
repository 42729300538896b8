"""The figures of one experiment, read from its lake when they are first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.evaluation.methods import baselines
from recsys.evaluation.sequence_model import trained_models
from recsys.evaluation.slices import ALL
from recsys.experiments.plan import Experiment
from recsys.faults import MissingTable
from recsys.models.definition import read_definition
from recsys.night import Night
from recsys.report import facts
from recsys.report.trials import names
from recsys.report.trials.names import F1, MODEL
from recsys.split import TEST
from recsys.training.artifact import MANIFEST, read_manifest

_JUDGES = t.EVALUATIONS.made_by
LENGTH = 10  # of the lists that figures are shown for, where F1 is not shown for all
Row = dict[str, Any]
Place = tuple[str, str, int]  # slice, metric, list length


@dataclass(frozen=True)
class Results:
    """What an experiment came to. What was never written raises MissingTable where it is asked for."""

    experiment: Experiment
    night: Night

    @cached_property
    def figures(self) -> dict[str, dict[Place, Row]]:
        """Rows of `evaluations` with a value, by method."""
        found: dict[str, dict[Place, Row]] = {}
        for row in facts.rows(self._tested(t.EVALUATIONS).where(F.col(c.VALUE).isNotNull())):
            found.setdefault(row[c.METHOD], {})[row[c.SLICE], row[c.METRIC], row[c.LIST_LENGTH]] = row
        return found

    @cached_property
    def _comparisons(self) -> dict[tuple[str, str], dict[Place, Row]]:
        """Rows of `comparisons`, by who is compared with whom."""
        found: dict[tuple[str, str], dict[Place, Row]] = {}
        for row in facts.rows(self._tested(t.COMPARISONS)):
            found.setdefault((row[c.METHOD], row[c.AGAINST]), {})[row[c.SLICE], row[c.METRIC], row[c.LIST_LENGTH]] = row
        return found

    @property
    def gaps(self) -> dict[str, dict[Place, Row]]:
        """Rows of `comparisons` of the model, by the method it is compared with."""
        return {against: rows for (name, against), rows in self._comparisons.items() if name == self.model}

    def between(self, name: str, other: str, metric: str) -> Row | None:
        """One model less another method, on lists of the length that figures are shown for; None where nothing was compared."""
        try:
            return self._comparisons.get((name, other), {}).get((ALL, metric, self.length))
        except MissingTable:
            return None

    @cached_property
    def _known_gaps(self) -> dict[str, dict[Place, Row]]:
        try:
            return self.gaps
        except MissingTable:
            return {}

    @cached_property
    def costs(self) -> dict[str, dict[str, Row]]:
        """Rows of `costs` by method and stage."""
        found: dict[str, dict[str, Row]] = {}
        for row in facts.rows(self.night.lake.read_day(t.COSTS, self.night.ds)):
            found.setdefault(row[c.METHOD], {})[row[c.STAGE]] = row
        return found

    def _tested(self, table: t.Table) -> DataFrame:
        return self.night.lake.read_split(table, self.night.ds, TEST)

    @cached_property
    def code(self) -> str | None:
        """Version and hash of the code that judged the experiment last, as the table `runs` tells it; None where it does not."""
        if not self.night.lake.exists(t.RUNS):
            return None
        judged = self.night.lake.read(t.RUNS).where((F.col(c.STAGE) == _JUDGES) & (F.col(c.DAY) == F.lit(self.night.ds)) & F.col(c.CODE_HASH).isNotNull())
        last = judged.orderBy(F.desc(c.STARTED)).select(c.CODE_VERSION, c.CODE_HASH).first()
        return f"{last[c.CODE_VERSION]}, {last[c.CODE_HASH]}" if last else None

    @property
    def title(self) -> str:
        return names.title(self.experiment, self.night.settings)

    @property
    def stamp(self) -> str:
        """What must be said with every figure: that the log is simulated, or its cut leaks; empty otherwise."""
        return "; ".join(names.labels(self.experiment, self.night.settings))

    def stamped(self, caption: str) -> str:
        return f"{caption} {self.stamp.capitalize()}." if self.stamp else caption

    @property
    def model(self) -> str:
        """The model whose standing the page tells of."""
        return self.experiment.ablation_of or MODEL

    @cached_property
    def lengths(self) -> list[int]:
        return sorted({length for rows in self.figures.values() for part, metric, length in rows if (part, metric) == (ALL, F1)})

    @cached_property
    def length(self) -> int:
        """The judged list length nearest to ten."""
        return min(self.lengths, key=lambda length: (abs(length - LENGTH), length), default=LENGTH)

    @cached_property
    def methods(self) -> list[str]:
        """All that were judged, the model first and then the best by F1."""
        return sorted(self.figures, key=lambda name: (name != self.model, -(self.value(name, F1) or 0), name))

    @cached_property
    def variants(self) -> list[str]:
        """Models that leave something of the model out, where the experiment is about that."""
        if not self.experiment.ablation_of:
            return []
        named = {self._name(path) for path in self.experiment.models} - {self.model}
        return [name for name in self.methods if name in named]

    @cached_property
    def rivals(self) -> list[str]:
        """The methods that the model competes with."""
        return [name for name in self.methods if name != self.model and name not in self.variants]

    @cached_property
    def failed(self) -> list[str]:
        """Methods of the experiment that have no figures."""
        expected = [*map(self._name, self.experiment.models), *baselines(self.night.settings.evaluation)]
        return [name for name in expected if name not in self.figures]

    @cached_property
    def cut_short(self) -> dict[str, list[int]]:
        """Seeds with which a model was still getting better when its epochs or minutes were over, by its name."""
        found: dict[str, list[int]] = {}
        for name, folders in self._folders.items():
            for seed, folder in zip(self.experiment.seeds, folders):
                if Path(folder, MANIFEST).exists() and facts.still_rising(read_manifest(folder)):
                    found.setdefault(name, []).append(seed)
        return found

    @property
    def _folders(self) -> dict[str, list[str]]:
        try:
            return trained_models(self.night.settings, self.night.model_ds)
        except MissingTable:
            return {}

    def _name(self, model: str) -> str:
        """What the definition at `model` calls itself."""
        path = self.night.settings.beside(model)
        return read_definition(path).name if path.exists() else path.stem

    def row(self, method: str, metric: str, length: int | None = None, part: str = ALL) -> Row | None:
        return self.figures.get(method, {}).get((part, metric, length or self.length))

    def value(self, method: str, metric: str, length: int | None = None, part: str = ALL) -> float | None:
        row = self.row(method, metric, length, part)
        return row[c.VALUE] if row else None

    def gap(self, other: str, metric: str, length: int | None = None, part: str = ALL) -> Row | None:
        """The model less `other`; None where that was not measured or nothing was compared."""
        return self._known_gaps.get(other, {}).get((part, metric, length or self.length))

    def mean_f1(self, method: str) -> float | None:
        """F1 averaged over the list lengths (P1); None unless all are known."""
        values = [self.value(method, F1, length) for length in self.lengths]
        return sum(values) / len(values) if values and None not in values else None

    def times(self, other: str) -> float | None:
        """The model's mean F1 as a multiple of that of `other` (P1)."""
        ours, theirs = self.mean_f1(self.model), self.mean_f1(other)
        return ours / theirs if ours is not None and theirs else None
