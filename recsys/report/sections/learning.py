"""How the model was trained, how good it is beside the other methods, and what each costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.evaluation.slices import ALL
from recsys.faults import MissingTable
from recsys.night import Night
from recsys.report import facts, words
from recsys.report.figures import lines_by_length, training_curves
from recsys.report.page import Block, Grid, Picture, Text
from recsys.split import TEST
from recsys.training.artifact import artifact_for, read_manifest

_CURVES = {"loss": "training loss", "validation_ndcg": "validation NDCG"}
_EPOCHS = (
    "Every epoch. Moved: by how much something lies above what was learned or set before, because that gains on the validation period. Of the copy, follow and "
    "taste path it is the share, as log odds (-50: not heard); rare is the power by which the follow path would rather have products that come near few "
    "others; own and others are those of trends among a user's own products and among all others."
)
_CUT_SHORT = " It was still getting better when training.epochs or training.minutes were over: with more of them it might have become better."
_MEASURES = (
    "HR: share of users with at least one hit. NDCG: hits count more the higher they stand. MRR: one over the rank of the first hit."
)
Values = dict[tuple[str, str, int], float]  # by method, metric, list length
Bands = dict[tuple[str, str, int], tuple[float, float]]  # the same, where a figure has an interval


def training(night: Night) -> Sequence[Block]:
    manifest = read_manifest(artifact_for(night.settings.models, night.model_ds))
    epochs = manifest.get("history") or []
    if not epochs:
        return [Text(f"Model {manifest['version']} carries no record of its training.")]
    told = [key for key in _CURVES if all(epoch.get(key) is not None for epoch in epochs)]
    curves = {_CURVES[key]: [epoch[key] for epoch in epochs] for key in told}
    numbers = [epoch.get("epoch", place + 1) for place, epoch in enumerate(epochs)]
    metrics = manifest["metrics"]
    ndcg = metrics["validation_ndcg"]
    why = "the last, since nobody is in the validation period" if ndcg is None else f"the best on the validation period (NDCG {words.figure(ndcg)})"
    said = (
        f"Model {manifest['version']} was trained for {words.plural(len(epochs), 'epoch')} in {words.duration(manifest['seconds'])}. "
        f"The weights of epoch {metrics['epoch']} were kept, {why}." + (_CUT_SHORT if facts.still_rising(manifest) else "")
    )
    return [Text(said), *_curves(numbers, curves, metrics["epoch"]), _epochs(epochs)]


def _curves(numbers: list[int], curves: dict[str, list[float]], kept: int) -> list[Picture]:
    if not curves:
        return []
    return [Picture(
        training_curves(numbers, curves, kept),
        f"Line charts by epoch of {words.listing(list(curves))}.",
        "Training stops when the validation figure no longer improves; the test period plays no part in it.",
    )]


def _epochs(epochs: list[dict[str, Any]]) -> Grid:
    heads = [name for name in epochs[0] if all(isinstance(epoch.get(name), (int, float)) for epoch in epochs)]
    shown = {head: words.duration if head.endswith("seconds") else words.fixed for head in heads}
    lines = [[shown[head](epoch[head]) for head in heads] for epoch in epochs]
    return Grid([_CURVES.get(head, words.plain(head)) for head in heads], lines, _EPOCHS)


def evaluated(night: Night) -> tuple[Values, date]:
    """The test figures of all users by method, metric and list length, and the day they were made on.

    Raises:
        MissingTable: nothing was evaluated, neither for the night nor for the day of the model.
    """
    found, day = _tested(night)
    return _values(found), day


def pushed_model(night: Night) -> str | None:
    """What the tables call the model that makes the pushes; None where it is gone."""
    try:
        return read_manifest(artifact_for(night.settings.models, night.model_ds))["definition"]["name"]
    except MissingTable:
        return None


def _tested(night: Night) -> tuple[list[dict[str, Any]], date]:
    found, day = latest(night, t.EVALUATIONS)
    return facts.rows(found.where((F.col(c.SPLIT) == TEST) & (F.col(c.SLICE) == ALL) & F.col(c.VALUE).isNotNull())), day


def _values(found: list[dict[str, Any]]) -> Values:
    return {(row[c.METHOD], row[c.METRIC], row[c.LIST_LENGTH]): row[c.VALUE] for row in found}


def _bands(found: list[dict[str, Any]]) -> Bands:
    return {(row[c.METHOD], row[c.METRIC], row[c.LIST_LENGTH]): (row[c.LOW], row[c.HIGH]) for row in found if row[c.LOW] is not None}


def latest(night: Night, table: t.Table) -> tuple[DataFrame, date]:
    """The rows of the night; of the night that trained where a night only pushes."""
    try:
        return night.lake.read_day(table, night.ds), night.ds
    except MissingTable:
        return night.lake.read_day(table, night.model_ds), night.model_ds


def methods(values: Values, metric: str, length: int, model: str | None) -> list[str]:
    """The methods, `model` first and then the best first."""
    found = {name for name, of, at in values if of == metric and at == length}
    return sorted(found, key=lambda name: (name != model, -values[name, metric, length], name))


def near(values: Values, wanted: int) -> int:
    """The evaluated list length nearest to `wanted`."""
    return min({length for _, metric, length in values if metric == "f1"}, key=lambda length: (abs(length - wanted), length))


def evaluation(night: Night) -> Sequence[Block]:
    found, _ = _tested(night)
    values, bands, model = _values(found), _bands(found), pushed_model(night)
    length = near(values, night.settings.pushes.n)
    lengths = sorted({at for _, metric, at in values if metric == "f1"})
    names = methods(values, "f1", length, model)
    series = {words.method(name): [(at, values[name, "f1", at]) for at in lengths if (name, "f1", at) in values] for name in names}
    leader = max(names, key=lambda name: values[name, "f1", length])
    picture = Picture(
        lines_by_length(series, "F1", _around(names, lengths, bands)),
        f"Line chart of F1 by list length for {words.listing(list(series))}. At {length} products {words.method(leader)} leads "
        f"with {words.figure(values[leader, 'f1', length])}.",
        "F1 by the length of the pushed list, one line per method: mean over users of 2·precision·recall / (precision + recall). "
        "Bands: 95 % of the replicates of a bootstrap over users.",
    )
    strong = _lines_of(model, names)
    return [picture, _by_length(values, names, lengths, strong), _at(values, names, length, strong)]


def _around(names: list[str], lengths: list[int], bands: Bands) -> dict[str, list[tuple[int, float, float]]]:
    return {words.method(name): [(at, *bands[name, "f1", at]) for at in lengths if (name, "f1", at) in bands] for name in names}


def _by_length(values: Values, names: list[str], lengths: list[int], strong: list[int]) -> Grid:
    lines = [[words.method(name), *(_shown(values.get((name, "f1", at))) for at in lengths)] for name in names]
    return Grid(["method", *(f"F1@{at}" for at in lengths)], lines, "F1 at every list length.", strong)


def _at(values: Values, names: list[str], length: int, strong: list[int]) -> Grid:
    found = [m for m in ("precision", "recall", "hit_rate", "ndcg", "mrr") if any(key[1:] == (m, length) for key in values)]
    lines = [[words.method(name), *(_shown(values.get((name, m, length))) for m in found)] for name in names]
    heads = ["method", *(f"{words.metric(m)}@{length}" for m in found)]
    return Grid(heads, lines, _MEASURES, strong)


def costs(night: Night) -> Sequence[Block]:
    found = facts.rows(latest(night, t.COSTS)[0].orderBy(c.METHOD, c.STAGE))
    by_method: dict[str, dict[str, dict]] = defaultdict(dict)
    for row in found:
        by_method[row[c.METHOD]][row[c.STAGE]] = row
    stages = sorted({row[c.STAGE] for row in found})
    model = pushed_model(night)
    names = sorted(by_method, key=lambda name: (name != model, name))
    lines = [[words.method(name), *(_cost(by_method[name].get(stage)) for stage in stages)] for name in names]
    caption = "Time on the machine that ran this, and for how many users; for one user the median wait, and that of the very first."
    return [Grid(["method", *map(words.plain, stages)], lines, caption, _lines_of(model, names))]


def _cost(row: dict | None) -> str | None:
    if row is None:
        return None
    if row[c.SECONDS_MEDIAN] is not None:
        return f"{words.duration(row[c.SECONDS_MEDIAN])}, first {words.duration(row[c.SECONDS_FIRST])}"
    return f"{words.duration(row[c.SECONDS])} for {words.count(row[c.ROWS])}"


def _shown(value: float | None) -> str | None:
    return None if value is None else words.figure(value)


def _lines_of(model: str | None, names: list[str]) -> list[int]:
    return [place for place, name in enumerate(names) if name == model]
