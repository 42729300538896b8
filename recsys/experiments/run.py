"""Carry an experiment out: the stages of a night up to the evaluation, in a folder of its own."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pyspark.sql import SparkSession

import recsys
from recsys import tables as t
from recsys.evaluation.compare import MethodsFailed
from recsys.experiments.plan import SOURCES, Experiment, with_test_days
from recsys.experiments.protocols import test_days_for
from recsys.faults import Fault
from recsys.lake import Lake
from recsys.night import Night
from recsys.runs.attempts import Attempts
from recsys.runs.ledger import Ledger
from recsys.runs.stage import Stage
from recsys.runs.things import ONE_OF_SEVERAL
from recsys.secrets import told
from recsys.settings import Settings

log = logging.getLogger(__name__)
_DONE = "done.json"


@dataclass(frozen=True)
class Runner:
    """Runs experiments one after the other. Those on one log share the lake that it was taken into.

    What was done before from the same is left as it is, stage by stage and training by training, unless `force` says otherwise.
    """

    spark: SparkSession
    folder: str
    stages: Mapping[str, Stage]  # of the jobs, by their names
    force: bool = False
    _taken_anew: set[str] = field(default_factory=set, repr=False)  # lakes; experiments on one log take it in once, also with `force`

    def run(self, experiment: Experiment, settings: Settings) -> list[str]:
        """Carry `experiment` out, as far as its stages were not done before. Whatever failed is returned, and costs no other its results."""
        self._record(experiment).unlink(missing_ok=True)
        started = time.monotonic()
        try:
            failures = self._carry_out(experiment, settings)
        except Exception as error:
            return [_failed(experiment.name, error)]
        self._record(experiment).write_text(json.dumps(self._made_from(experiment, settings)))
        log.info("%s: %.0f s", experiment.name, time.monotonic() - started)
        return failures

    def judged(self, experiments: Mapping[Experiment, Settings]) -> list[tuple[Experiment, Night]]:
        """Those of `experiments` that were carried out with these very settings, each with the night that holds its results."""
        found = []
        for experiment, settings in experiments.items():
            if self._done(experiment) == self._made_from(experiment, settings):
                found.append((experiment, self._night_in(Lake(self.spark, settings.lake), experiment, settings)))
        return found

    def _carry_out(self, experiment: Experiment, settings: Settings) -> list[str]:
        with self._attempts(self._night(experiment, settings), self.force) as attempts:
            for name in ("build_user_features", "correlate_attributes", "fit_normalizer", "segment_users", "build_sequences"):
                attempts.make(self.stages[name])
            failures = self._train(experiment, attempts)
            try:
                attempts.make(self.stages["evaluate_models"])
            except MethodsFailed as methods:
                failures.append(f"{experiment.name}: {methods}")
        return failures

    def _night(self, experiment: Experiment, settings: Settings) -> Night:
        owner = self._taken_in(experiment, settings)
        lake = Lake(self.spark, settings.lake)
        for table in (t.EVENTS, t.PRODUCTS):
            lake.borrow(table, owner)
        return self._night_in(lake, experiment, settings)

    def _night_in(self, lake: Lake, experiment: Experiment, settings: Settings) -> Night:
        if experiment.protocol == "six_to_four":
            settings = with_test_days(settings, test_days_for(lake.read(t.EVENTS), experiment.ds))
        return Night(lake, settings, experiment.ds, experiment.ds)

    def _taken_in(self, experiment: Experiment, settings: Settings) -> Lake:
        """The lake that holds the log of the experiment."""
        paths = [settings.simulation.path] if experiment.simulated else [settings.source_path, settings.products_path]
        log_of = "-".join([Path(settings.source).stem, *(Path(path).name for path in paths if path)])
        lake = Lake(self.spark, str(Path(self.folder) / SOURCES / re.sub(r"[^\w.-]", "_", log_of)))
        night = Night(lake, replace(settings, lake=lake.root), experiment.ds, experiment.ds)
        with self._attempts(night, self.force and lake.root not in self._taken_anew) as attempts:
            for name in (("simulate_events",) if experiment.simulated else ()) + ("ingest_events", "ingest_products"):
                attempts.make(self.stages[name])
        if self.force:
            self._taken_anew.add(lake.root)
        return lake

    @contextmanager
    def _attempts(self, night: Night, force: bool) -> Iterator[Attempts]:
        ledger = Ledger.of(night)
        try:
            yield Attempts(night, ledger, force)
        finally:
            ledger.write()

    def _train(self, experiment: Experiment, attempts: Attempts) -> list[str]:
        """Train every model with every seed; returns what failed. The evaluation then goes without it."""
        stage, night, failures = replace(self.stages["train_model"], writes=(ONE_OF_SEVERAL,), apart=True), attempts.night, []
        for model in experiment.models:
            for seed in experiment.seeds:
                log.info("%s: training %s with seed %d", experiment.name, model, seed)
                training = replace(night.settings.training, model=model, seed=seed)
                try:
                    replace(attempts, night=replace(night, settings=replace(night.settings, training=training))).make(stage)
                except Exception as error:
                    failures.append(_failed(f"{experiment.name}: {model} with seed {seed}", error))
        return failures

    def _done(self, experiment: Experiment) -> list | None:
        """What the figures of the experiment were made from; None where it was never carried out to its end."""
        record = self._record(experiment)
        return json.loads(record.read_text()) if record.exists() else None

    def _record(self, experiment: Experiment) -> Path:
        return Path(self.folder) / experiment.name / _DONE

    def _made_from(self, experiment: Experiment, settings: Settings) -> list:
        """What makes an experiment another one, as far as it is known without a look at its log."""
        files = [settings.beside(path).read_text() for path in (settings.source, *experiment.models)]
        return json.loads(json.dumps([asdict(experiment), told(settings), files, recsys.__version__], default=str))


def _failed(what: str, error: Exception) -> str:
    """The failure in a line; a stack trace goes to the log where nobody is told how to mend it."""
    said = str(error).strip() if isinstance(error, Fault) else f"{type(error).__name__} {error}".strip().partition("\n")[0]
    log.error("%s failed: %s", what, said, exc_info=not isinstance(error, Fault))
    return f"{what}: {said}"
