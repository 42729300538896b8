"""The model on Spark: the best products of every row of `sequences`, in Arrow batches.

What travels to a worker is the path of the model, and the neighbours of the products as a broadcast. Each Python
worker loads the model once and keeps it for all its partitions, so the path must be readable from every machine (a
shared folder, a volume, /dbfs).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from recsys import columns as c
from recsys.allocation import keep_memory
from recsys.greetings import without_greetings
from recsys.models.bounds import rows_at_once
from recsys.models.follows import Follows
from recsys.pushes.batches import alike, fixed, known, ragged, ranked, stack
from recsys.sequences.shape import ARRAYS, NUMBERS

BATCH_SIZE = 128  # users in a step of the model; larger gains nothing on CPUs and wastes more in the last batch
SPARE = 8  # asked for beyond n, so that ties across the border are broken by item index too
_SCHEMA = f"{c.USER} string, {c.ITEM} string, {c.RANK} int, {c.SCORE} double"
_TYPES = pa.schema([(c.USER, pa.string()), (c.ITEM, pa.string()), (c.RANK, pa.int32()), (c.SCORE, pa.float64())])
# Spark runs one worker per core: each keeps to one thread, and none takes a whole GPU for itself.
_WORKER = {
    "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "TF_FORCE_GPU_ALLOW_GROWTH": "true", "TF_CPP_MIN_LOG_LEVEL": "3",
}
_loaded: dict[tuple[str, int, Any], Any] = {}  # the model of this process: at most one


@dataclass(frozen=True)
class Request:
    """What is wanted of the model, the same for every user."""

    n: int
    behaviour: str | None = None
    banned: str | None = None
    never: tuple[str, ...] = ()
    batch_size: int = BATCH_SIZE


def load(path: str) -> Any:
    """The trained model at `path`; TensorFlow comes in here, on the worker, and nowhere else."""
    from recsys.training.artifact import load_artifact

    with without_greetings():
        return load_artifact(path)


@dataclass(frozen=True)
class Held:
    """What a worker would be given as a broadcast, where there are none."""

    value: Any


@dataclass(frozen=True)
class LoadedWith:
    """Loads a model and gives it the neighbours that are counted by now. Equal where these are."""

    digest: str
    shared: Any = field(compare=False)  # holds the `Follows` as `value`, like a broadcast of Spark
    load: Callable[[str], Any] = field(default=load, compare=False)

    def __call__(self, path: str) -> Any:
        artifact = self.load(path)
        artifact.count_anew(self.shared.value)
        return artifact


def loaded_with(neighbours: Follows | None, load: Callable[[str], Any], share: Callable[[Follows], Any]) -> Callable[[str], Any]:
    """`load`, but with `neighbours` where they are given; `share` makes of them what a worker can take along."""
    return load if neighbours is None else LoadedWith(neighbours.digest, share(neighbours), load)


def top_items(
    sequences: DataFrame, model_path: str, n: int, banned: str | None = None, never: Sequence[str] = (),
    behaviour: str | None = None, neighbours: Follows | None = None, batch_size: int = BATCH_SIZE, load: Callable[[str], Any] = load,
) -> DataFrame:
    """The `n` products that the model finds likeliest for every row of `sequences` (one row per user).

    Args:
        sequences: rows of one split, as in the table.
        model_path: folder of a trained model, readable from every worker.
        n: length of the lists; shorter where fewer products are left.
        banned: column of `sequences` with the item indices (array<int>, may be null) that this user must not get.
        never: products that nobody may get; a list that grows with products, not with users.
        behaviour: what the list should lead to; None for any behaviour.
        neighbours: of the products, as counted by now; None leaves those that the model learned with.
        batch_size: users in one step of the model.
        load: how a worker gets the model from its path.

    Returns:
        One row per user and product: user_id, item_id, rank from 1, score (a probability, six significant
        digits). Users of whom the model knows nothing have no rows.
    """
    request = Request(n, behaviour, banned, tuple(never), batch_size)
    load = loaded_with(neighbours, load, partial(_shared, sequences.sparkSession))

    def score(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from scored(batch, resident(model_path, load), request)

    columns = [c.USER, *ARRAYS, *NUMBERS, *([banned] if banned else [])]
    return sequences.select(*columns).mapInArrow(score, _SCHEMA)


def _shared(spark: SparkSession, follows: Follows) -> Any:
    """`follows` as every worker gets them once; over Spark Connect, which has no broadcasts, they travel with every task."""
    try:
        return spark.sparkContext.broadcast(follows)
    except PySparkException:
        return Held(follows)


def resident(path: str, load: Callable[[str], Any]) -> Any:
    """The model at `path`, from this process's memory if it is there as `load` would load it, and was not trained anew since."""
    for name, value in _WORKER.items():
        os.environ.setdefault(name, value)
    key = (path, os.stat(path).st_mtime_ns, load)
    if key not in _loaded:
        keep_memory()
        _loaded.clear()
        _loaded[key] = load(path)
    return _loaded[key]


def scored(rows: pa.RecordBatch, artifact: Any, request: Request) -> Iterator[pa.RecordBatch]:
    """The ranked products of the users in `rows`, one batch of fixed shape after the other."""
    arrays = stack(rows)
    banned = ragged(rows.column(request.banned)) if request.banned else None
    never = np.isin(artifact.items, request.never) if request.never else None
    wanted = min(request.n + SPARE, len(artifact.items) - 1)
    at_once = rows_at_once(request.batch_size, len(artifact.items))
    parts = ((cut, *part) for cut, own in alike(arrays, known(arrays)) for part in fixed(own, at_once))
    for cut, positions, count in parts:
        batch = {name: values[positions] for name, values in cut.items()}
        bans = [banned[position] for position in positions] if banned else None
        indices, scores = artifact.top(batch, wanted, bans, request.behaviour, never)
        indices, scores = ranked(indices[:count], scores[:count], request.n)
        yield _rows(rows.column(c.USER).take(pa.array(positions[:count])), artifact.items, indices, scores)


def _rows(users: pa.Array, items: np.ndarray, indices: np.ndarray, scores: np.ndarray) -> pa.RecordBatch:
    row, place = np.nonzero(indices > 0)
    return pa.RecordBatch.from_arrays([
        users.take(pa.array(row)),
        pa.array(items[indices[row, place]].astype(object), pa.string()),
        pa.array(place + 1, pa.int32()),
        pa.array(scores[row, place], pa.float64()),
    ], schema=_TYPES)
