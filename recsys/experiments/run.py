"""Carry an experiment out: the stages of a night up to the evaluation, in a folder of its own."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pyspark.sql import SparkSession

import recsys
from recsys import tables as t
from recsys.evaluation.compare import MethodsFailed
from recsys.experiments.plan import Experiment, with_test_days
from recsys.experiments.protocols import test_days_for
from recsys.lake import Lake
from recsys.night import Night
from recsys.secrets import told
from recsys.settings import Settings

log = logging.getLogger(__name__)
_DONE = "done.json"
SOURCES = "sources"


@dataclass(frozen=True)
class Runner:
    """Runs experiments one after the other; logs are taken in once, whatever the number of experiments on them."""

    spark: SparkSession
    folder: str
    stages: Mapping[str, Callable[[Night], object]]  # what the jobs run, by their names
    again: bool = False

    def run(self, experiment: Experiment, settings: Settings) -> list[str]:
        """Carry `experiment` out, unless it was with these settings; what its evaluation could not judge is returned."""
        made_from = self._made_from(experiment, settings)
        if self._was_done(experiment, made_from) and not self.again:
            log.info("%s: carried out before with these settings; --again does it anew", experiment.name)
            return []
        started, failures = time.monotonic(), []
        night = self._night(experiment, settings)
        for name in ("build_user_features", "correlate_attributes", "fit_normalizer", "segment_users", "build_sequences"):
            self.stages[name](night)
        self._train(experiment, night)
        try:
            self.stages["evaluate_models"](night)
        except MethodsFailed as methods:
            failures = [f"{experiment.name}: {methods}"]
        else:
            self._done(experiment).write_text(json.dumps(made_from))
        log.info("%s: %.0f s", experiment.name, time.monotonic() - started)
        return failures

    def judged(self, experiments: Mapping[Experiment, Settings]) -> list[tuple[Experiment, Night]]:
        """Those of `experiments` that have results, each with the night that holds them."""
        lakes = {experiment: Lake(self.spark, settings.lake) for experiment, settings in experiments.items()}
        return [
            (experiment, self._night_in(lakes[experiment], experiment, settings))
            for experiment, settings in experiments.items() if lakes[experiment].exists(t.EVALUATIONS)
        ]

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
        lake = Lake(self.spark, str(Path(self.folder) / SOURCES / Path(settings.source).stem))
        night = Night(lake, replace(settings, lake=lake.root), experiment.ds, experiment.ds)
        for name in (("simulate_events",) if experiment.simulated else ()) + ("ingest_events", "ingest_products"):
            self.stages[name](night)
        return lake

    def _train(self, experiment: Experiment, night: Night) -> None:
        for model in experiment.models:
            for seed in experiment.seeds:
                log.info("%s: training %s with seed %d", experiment.name, model, seed)
                training = replace(night.settings.training, model=model, seed=seed)
                self.stages["train_model"](replace(night, settings=replace(night.settings, training=training)))

    def _was_done(self, experiment: Experiment, made_from: dict) -> bool:
        done = self._done(experiment)
        return done.exists() and json.loads(done.read_text()) == made_from

    def _done(self, experiment: Experiment) -> Path:
        return Path(self.folder) / experiment.name / _DONE

    def _made_from(self, experiment: Experiment, settings: Settings) -> dict:
        """What makes an experiment another one."""
        definitions = [settings.beside(model).read_text() for model in experiment.models]
        made = [asdict(experiment), told(settings), definitions, recsys.__version__]
        return {"made_from": json.loads(json.dumps(made, default=str))}
