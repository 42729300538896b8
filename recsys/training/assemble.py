"""From tables and settings to a training plan, and from an outcome to the manifest of a model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.sql import Row

import recsys
from recsys import columns as c
from recsys.faults import BadData, BadSettings
from recsys.lake import DataFile
from recsys.models.conditions import behaviour_code, condition_for, wanted_behaviour
from recsys.models.definition import ModelDefinition
from recsys.runs.code import package_hash
from recsys.secrets import told
from recsys.sequences.shape import WindowShape
from recsys.settings import Settings
from recsys.training.pace import scores_of, stalled
from recsys.training.plan import Outcome, Plan

_LIBRARIES = ("tensorflow-cpu", "tensorflow", "keras", "horovod", "petastorm", "pyspark", "delta-spark", "numpy", "pyarrow")
_LOOKED_AFTER = ("timeout_seconds", "checkpoint_minutes", "retries", "stall_seconds")


def version_of(definition: ModelDefinition, settings: Settings, model_ds: date) -> str:
    """The name of a model: same day, settings and definition, same name, so that a rerun replaces its model.

    How a training is looked after does not change what it learns, so with other retries it still finds its checkpoint.
    """
    made_by = [asdict(part) for part in (definition, settings.training, settings.sequences, settings.split, settings.segments)]
    for name in _LOOKED_AFTER:
        del made_by[1][name]
    if settings.evaluation.drop_seen:  # its best epoch is another one
        made_by.append("without seen products")
    return f"{definition.name}-{model_ds}-{_digest(made_by)[:8]}"


def make_plan(
    settings: Settings, definition: ModelDefinition, version: str, train_files: Sequence[DataFile], validation_files: Sequence[DataFile],
    neighbour_files: Sequence[DataFile], likeness_files: Sequence[DataFile], vocabulary: Sequence[Row], attributes: int, segments: int,
    lately: np.ndarray | None = None,
) -> Plan:
    """The plan of a training.

    Args:
        vocabulary: rows of the table, which grow with products only.
        attributes, segments: how many there are.
        lately: from `recsys.sequences.trends`, of the training history.

    Raises:
        BadData: there is nothing to train on.
        BadSettings: the model asks for more neighbours or likenesses than the table holds.
    """
    for name, asked, counted in (
        ("neighbours", definition.neighbours, settings.sequences.neighbours), ("likenesses", definition.likenesses, settings.sequences.likenesses),
    ):
        if asked > counted:
            raise BadSettings(
                f"{settings.training.model}: {name} = {asked}, but sequences.{name} = {counted} are counted of each product. Raise sequences.{name} and run "
                "jobs/build_sequences.py again, or lower that of the model."
            )
    if not train_files:
        raise BadData("There are no training windows: no user has a product of the vocabulary before the validation period. Give more days of log.")
    counts = np.zeros(len(vocabulary) + 1)
    counts[[row[c.ITEM_INDEX] for row in vocabulary]] = [row[c.EVENTS] for row in vocabulary]
    shape = WindowShape(settings.sequences.length, settings.sequences.memory, attributes)
    behaviour = wanted_behaviour(settings.evaluation.relevant)
    rows = [(file.rows, file.content) for file in (*train_files, *validation_files, *neighbour_files, *likeness_files)]
    trends = None if lately is None else hashlib.sha256(lately.tobytes()).hexdigest()
    return Plan(
        definition, settings.training, shape, counts, segments, tuple(train_files), tuple(validation_files),
        condition=condition_for(definition.later_share, settings.split.kind),
        behaviour=behaviour_code(behaviour),
        checkpoint=str(Path(settings.models) / f".{version}.checkpoint"),
        fingerprint=_digest([package_hash(), _installed("keras"), version, behaviour, rows, trends]),
        neighbour_files=tuple(neighbour_files), likeness_files=tuple(likeness_files), lately=lately, without_seen=settings.evaluation.drop_seen,
    )


def make_manifest(
    plan: Plan, outcome: Outcome, settings: Settings, model_ds: date, normalizer: Sequence[Row], centroids: Sequence[Row], data: dict[str, int],
    seconds: float, memory: dict[str, int | None],
) -> dict[str, Any]:
    """All that a model was made from, without secrets. `data` holds the version of every table it was read from."""
    best, scores = outcome.history[outcome.best_epoch], scores_of(outcome.history)
    return {
        "model_ds": str(model_ds),
        "code": recsys.__version__,
        "libraries": {name: _installed(name) for name in _LIBRARIES if _installed(name)},
        "definition": asdict(plan.definition),
        "settings": told(settings),
        "shape": asdict(plan.shape),
        "segments": plan.segments,
        "condition": plan.condition,
        "data": data,
        "normalizer": bounds(normalizer),
        "centroids": centres(centroids),
        "rows": {"train": sum(file.rows for file in plan.train_files), "validation": sum(file.rows for file in plan.validation_files)},
        "history": list(outcome.history),
        "metrics": {
            "validation_ndcg": best["validation_ndcg"], "epoch": best["epoch"],
            "stalled": stalled(scores, plan.settings.patience, plan.settings.least_gain),
        },
        "seconds": round(seconds, 1),
        "memory": memory,
    }


def validation_told(manifest: dict[str, Any]) -> str:
    """The validation NDCG of a manifest, for a log line."""
    ndcg = manifest["metrics"]["validation_ndcg"]
    return "unknown, for there are no validation users" if ndcg is None else f"{ndcg:.4f}"


def product_ids(vocabulary: Sequence[Row]) -> list[str]:
    """The product of every index, "" for padding."""
    return ["", *(row[c.ITEM] for row in sorted(vocabulary, key=lambda row: row[c.ITEM_INDEX]))]


def bounds(normalizer: Sequence[Row]) -> list[dict[str, Any]]:
    """How every attribute is brought between 0 and 1, in the order of the attributes."""
    return [row.asDict() for row in sorted(normalizer, key=lambda row: row[c.POSITION])]


def centres(centroids: Sequence[Row]) -> list[list[float]]:
    """The centroid of every segment, by its number."""
    return [row[c.CENTROID] for row in sorted(centroids, key=lambda row: row[c.SEGMENT])]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
