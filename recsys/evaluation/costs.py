"""What a method costs on the machine that ran it: to fit, to list for everybody, to list for one user."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.method import Method
from recsys.meter import Meter, memory_of
from recsys.settings import EvaluationSettings

TRAIN, FIT, RECOMMEND, ONE_USER = "train", "fit", "recommend", "one_user"  # train: of a model, by another job

_MEMORY = (c.PEAK_BYTES, c.ADDED_BYTES, c.GPU_PEAK_BYTES)


class Cost(NamedTuple):
    """A row of the table `costs`, without its day."""

    method: str
    stage: str
    seconds: float
    rows: int  # users that the lists are for
    seconds_first: float | None = None
    seconds_median: float | None = None
    seconds_p95: float | None = None
    peak_bytes: int | None = None
    added_bytes: int | None = None
    gpu_peak_bytes: int | None = None


@runtime_checkable
class AnswersAlone(Protocol):
    """A method that needs no Spark for the list of one user."""

    def seconds_alone(self, users: DataFrame, n: int) -> list[float]:
        """How long each of `users`, one after the other, waits from the history in memory to the list; the first includes loading."""


def stage_cost(method: str, stage: str, meter: Meter, users: int) -> Cost:
    return Cost(method, stage, meter.seconds, users, **memory_of(meter))


def seconds_alone(method: Method, users: DataFrame, n: int, settings: EvaluationSettings) -> list[float]:
    """The wait of some of `users`, asked one by one: as many as settings say, always the same."""
    if isinstance(method, AnswersAlone):
        return method.seconds_alone(some(users, settings.timed_users, settings.seed), n)
    asked = [row[c.USER] for row in some(users, settings.timed_queries, settings.seed).collect()]
    return [_wait(method, users.where(F.col(c.USER) == user), n) for user in asked]


def some(users: DataFrame, count: int, seed: int) -> DataFrame:
    return users.select(c.USER).orderBy(F.xxhash64(F.lit(seed), F.col(c.USER)), c.USER).limit(count)


def one_user_cost(method: str, meter: Meter, seconds: Sequence[float]) -> Cost:
    """Median and 95th percentile of all waits but the first; of the first where it is the only one."""
    warm = seconds[1:] or seconds
    return Cost(
        method, ONE_USER, sum(seconds), len(seconds), seconds[0], float(np.median(warm)), float(np.percentile(warm, 95)),
        **memory_of(meter),
    )


def mean_costs(by_seed: Sequence[Sequence[Cost]]) -> list[Cost]:
    """The costs of a method that was measured once for each of its seeds: mean seconds, and the most memory of any."""
    return [_mean(costs) for costs in zip(*by_seed, strict=True)]


def training_cost(method: str, manifests: Sequence[Mapping], users: int) -> Cost:
    """What the training of a model took, from what it says of itself."""
    return _mean([Cost(method, TRAIN, float(manifest["seconds"]), users, **manifest.get("memory", {})) for manifest in manifests])


def _wait(method: Method, user: DataFrame, n: int) -> float:
    started = time.monotonic()
    method.recommend(user, n).collect()
    return time.monotonic() - started


def _mean(costs: Sequence[Cost]) -> Cost:
    def over_seeds(name: str, of) -> float | None:
        known = [getattr(cost, name) for cost in costs if getattr(cost, name) is not None]
        return of(known) if known else None

    seconds = {name: over_seeds(name, np.mean) for name in ("seconds", "seconds_first", "seconds_median", "seconds_p95")}
    return costs[0]._replace(
        **{name: None if value is None else float(value) for name, value in seconds.items()},
        **{name: over_seeds(name, max) for name in _MEMORY},
    )
