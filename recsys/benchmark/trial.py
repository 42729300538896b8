"""Train one model on one sequence file by the code of the nightly training, and judge it."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from pyspark.sql import SparkSession

from recsys import columns as c
from recsys.benchmark.floors import markov, neighbours, popularity
from recsys.benchmark.protocol import KINDS, WITH_SEEN, WITHOUT_SEEN, Split
from recsys.benchmark.scores import NDCG, Tally, difference, judge
from recsys.benchmark.settings import BenchmarkSettings
from recsys.benchmark.windows import Place, asked_places, chunks, covering_places, items_of, write_files
from recsys.faults import BadData
from recsys.lake import DataFile
from recsys.meter import memory_of, metered
from recsys.models.bounds import rows_at_once
from recsys.models.conditions import ANY_BEHAVIOUR, condition_for
from recsys.models.definition import ModelDefinition
from recsys.models.follows import Follows, count_follows
from recsys.pushes.batches import alike, fixed
from recsys.sequences.shape import Batch, WindowShape
from recsys.settings import TrainingSettings
from recsys.training.artifact import Artifact, load_artifact, save_artifact
from recsys.training.checkpoint import best_weights
from recsys.training.launcher import train
from recsys.training.lists import TOP
from recsys.training.plan import Plan

_NEIGHBOURS = ModelDefinition(name="any").neighbours  # for the floor beside a model that looks at none
_LEFT_OUT = 512  # products before a window, at most, that a validation list leaves out
_BATCH = 256  # users that are asked for at once, at most
_PARTS = {"validation": False, "test": True}


@dataclass(frozen=True)
class Trial:
    """What is compared: one model, one split of one file, and the settings of training."""

    split: Split
    protocol: str
    definition: ModelDefinition
    settings: BenchmarkSettings

    @cached_property
    def shape(self) -> WindowShape:
        """A window's memory where nothing is repeated is only what lists leave out, so it holds all that it can."""
        longest = int(self.split.past.max()) - self.settings.length
        return WindowShape(self.settings.length, max(self.settings.memory, 0 if self.repeats else min(longest, _LEFT_OUT)), 1)

    @cached_property
    def places(self) -> list[Place]:
        """The windows that are learned from."""
        return covering_places(self.split.train, self.settings.length, self.settings.training.seed)

    @cached_property
    def training(self) -> TrainingSettings:
        """Long histories fill their windows, and many targets to a step would leave few steps to an epoch: of these, fewer windows make a batch."""
        settings = self.settings.training
        targets = sum(end - start - 1 for _, start, end in self.places) / max(len(self.places), 1)
        return replace(settings, batch_size=max(min(settings.batch_size, round(self.settings.targets / max(targets, 1))), 1))

    @cached_property
    def network(self) -> ModelDefinition:
        """What is trained: the definition without the taste path, which was no gain on such a file (Beauty), and where hardly anybody repeats
        without the copy path: it could say nothing, and takes time."""
        definition = replace(self.definition, likenesses=0)
        return definition if self.repeats else replace(definition, copy_path=False)

    @cached_property
    def repeats(self) -> bool:
        """Whether validation targets repeat what their user had before often enough to be worth foretelling."""
        asked = self.split.asked(test=False)
        return sum(np.isin(self.split.targets(user, False), self.split.history(user, False)).any() for user in asked) > len(asked) / 100

    def run(self, spark: SparkSession) -> dict[str, Any]:
        """Train and judge; all figures, as plain values."""
        with TemporaryDirectory(prefix="recsys-benchmark-") as folder:
            plan = self._plan(Path(folder))
            with metered() as training:
                outcome = train(spark, plan)
            weights = best_weights(plan.checkpoint, plan.fingerprint, outcome.best_epoch)
            manifest = {"definition": asdict(self.network), "shape": asdict(plan.shape), "segments": plan.segments, "condition": plan.condition}
            model = load_artifact(save_artifact(folder, "model", manifest, list(self.split.histories.names), weights))
        with metered() as scoring:
            judged = {part: {"model": self._judged(model, test)} for part, test in _PARTS.items()}
            if self.network.neighbours:  # as in the floors, and on every night: at the time of the test the validation events are known
                model.count_anew(self._follows(test=True))
                judged["test"] = {"model": self._judged(model, test=True), "model_counts_of_training": judged["test"]["model"]}
        floors = {part: self._floors(test) for part, test in _PARTS.items()}
        seconds = sum(epoch["seconds"] for epoch in outcome.history)
        return {
            "protocol": self.protocol,
            "chosen_by": {"part": "validation", "lists": WITHOUT_SEEN if plan.without_seen else WITH_SEEN, "metric": NDCG},
            "users": {part: len(self.split.asked(test)) for part, test in _PARTS.items()},
            "products": plan.products,
            **{part: {name: tally.figures() for name, tally in (judged[part] | floors[part]).items()} for part in _PARTS},
            "test_ndcg_above": {name: difference(judged["test"]["model"], floor, plan.settings.seed) for name, floor in floors["test"].items()},
            "best_epoch": outcome.best_epoch + 1,
            "history": list(outcome.history),
            "seconds": {"training": round(training.seconds, 1), "in_steps": round(seconds, 1), "scoring": round(scoring.seconds, 1)},
            "targets_per_second": round(sum(epoch["targets"] for epoch in outcome.history) / max(seconds, 1e-9)),
            "memory": {"training": memory_of(training), "scoring": memory_of(scoring)},
            "machine": {"cpus": os.cpu_count(), "platform": platform.platform()},
            "definition": asdict(self.network),
            "training": asdict(self.training),
        }

    def _plan(self, folder: Path) -> Plan:
        split, settings, places, training = self.split, self.settings, self.places, self.training
        histories = split.histories
        asked = asked_places(split, settings.length, test=False)
        wanted = [split.targets(user, False) for user, *_ in asked]
        if not places:
            raise BadData(
                "There is nothing to train on: without its last two events no user has two. Give longer histories, or lines that hold more of them."
            )
        files = settings.files * training.ranks
        learned = histories.products[split.known(test=False)]
        return Plan(
            self.network, training, self.shape, np.bincount(learned, minlength=len(histories.names)).astype(float), 1,
            write_files(chunks(histories, places, self.shape), folder / "train", files),
            write_files(chunks(histories, asked, self.shape, wanted), folder / "validation", files),
            condition_for(self.network.later_share, self.protocol), ANY_BEHAVIOUR, str(folder / "checkpoint"), "benchmark",
            neighbour_files=self._neighbour_files(folder / "neighbours"), without_seen=not self.repeats,
        )

    def _follows(self, test: bool) -> Follows:
        """What comes near what in the events that are known before that part; counted once, for the model and the floor."""
        return self._counted_before_test if test else self._counted_before_validation

    @cached_property
    def _counted_before_validation(self) -> Follows:
        return self._counted(self.split.train)

    @cached_property
    def _counted_before_test(self) -> Follows:
        return self._counted(self.split.past)

    def _counted(self, ends: np.ndarray) -> Follows:
        """Over each user's first events, up to `ends`."""
        places = covering_places(ends, self.settings.length, self.settings.training.seed)
        windows = items_of(self.split.histories, places, self.settings.length)
        return count_follows(windows, len(self.split.histories.names) - 1, self.network.neighbours or _NEIGHBOURS)

    def _neighbour_files(self, folder: Path) -> tuple[DataFile, ...]:
        """As the table `neighbours` holds them for training."""
        if not self.network.neighbours:
            return ()
        follows = self._follows(test=False)
        known = np.flatnonzero(follows.counts.any(axis=1))
        return write_files([{c.ITEM_INDEX: known, c.ITEMS: follows.items[known], c.COUNTS: follows.counts[known]}], folder, files=1)

    def _judged(self, model: Artifact, test: bool) -> Tally:
        """Users whose windows are about as full are asked for together, for a model that need not look at padding is several times as fast."""
        split, users = self.split, self.split.asked(test)
        places = asked_places(split, self.settings.length, test)
        order = np.argsort([end - start for _, start, end in places], kind="stable")
        lists = {kind: np.zeros((len(users), TOP), np.int32) for kind in KINDS}
        at = 0
        for rows in chunks(split.histories, [places[place] for place in order], self.shape):
            own = order[at:at + len(rows[c.LENGTH])]
            at += len(own)
            for kind, found in self._lists(model, rows, [np.unique(split.history(user, test)) for user in users[own]]).items():
                lists[kind][own, :found.shape[1]] = found
        tally, wanted = Tally(), [split.targets(user, test) for user in users]
        for kind in KINDS:
            tally.add(kind, lists[kind], wanted)
        return tally

    def _lists(self, model: Artifact, rows: Batch, seen: list[np.ndarray]) -> dict[str, np.ndarray]:
        """By kind the best products of each of `rows`, int32 [rows, up to 10]."""
        length = min(TOP, len(self.split.histories.names) - 1)
        lists = {kind: np.zeros((len(seen), length), np.int32) for kind in KINDS}
        for cut, alike_rows in alike(rows, np.arange(len(seen))):
            for positions, count in fixed(alike_rows, rows_at_once(_BATCH, len(self.split.histories.names))):
                batch = {name: array[positions] for name, array in cut.items()}
                for kind, found in zip((WITH_SEEN, WITHOUT_SEEN), model.tops(batch, length, [seen[position] for position in positions], None)):
                    lists[kind][positions[:count]] = found[:count]
        return lists

    def _floors(self, test: bool) -> dict[str, Tally]:
        split, users = self.split, self.split.asked(test)
        floors = {"popularity": popularity(split, test), "markov": markov(split, test), "neighbours": neighbours(split, test, self._follows(test))}
        return {
            name: judge(floor, (split.history(user, test) for user in users), (split.targets(user, test) for user in users))
            for name, floor in floors.items()
        }
