"""What happens to workers: processes killed, a host without network, a full disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psutil

from tests.cluster.answer import difference
from tests.cluster.findings import Finding
from tests.cluster.shop import DS
from tests.cluster.spark import WORKERS
from tests.cluster.world import EXPECTED, RANKS, World

_LAKE = "workers_disturbed"
_EXECUTOR, _PYTHON = "CoarseGrainedExecutorBackend", "pyspark.daemon"
_OFFLINE = 90  # seconds, more than spark.network.timeout of the test
_WORKER = WORKERS[0]
_MOMENT = 2.0  # seconds of work before the fault


def workers_disturbed(world: World) -> Iterator[Finding]:
    """Stated outcome: Spark does the lost work again, the job ends well by itself, its tables are those of an undisturbed run."""
    features, sequences, pushes = ("build_user_features", "user_features"), ("build_sequences", "sequences"), ("push_products", "pushes")
    yield _disturbed(world, features, "executor killed", _EXECUTOR, lambda: _kill(world, _EXECUTOR))
    yield _disturbed(world, pushes, "executor killed", _PYTHON, lambda: _kill(world, _EXECUTOR))
    yield _disturbed(world, pushes, "Python worker killed", _PYTHON, lambda: _kill(world, _PYTHON))
    if world.hosts.apart:
        yield _disturbed(world, sequences, f"a worker without network for {_OFFLINE} s", _EXECUTOR, lambda: _offline(world))
        yield _disturbed(world, features, "a worker's disk full", _EXECUTOR, lambda: _full(world))
        world.hosts.empty_disk(_WORKER)


def _disturbed(world: World, work: tuple[str, str], fault: str, sign: str, inject: Callable[[], str]) -> Finding:
    """`sign` names the process on the worker whose life shows that the work has begun there; `inject` says what it did, nothing where it hit nothing."""
    stage, table = work
    world.copy(EXPECTED, _LAKE)
    job = world.cluster.submit(stage, world.shop.night(_LAKE, DS, None, RANKS))
    while job.runs and not (f"{stage} for {DS}" in job.said() and world.cluster.processes(_WORKER, sign)):
        time.sleep(0.05)
    time.sleep(_MOMENT)
    in_time, injected = job.runs, time.monotonic()
    done = inject()
    code = job.wait()
    seconds = time.monotonic() - injected
    found = difference(world.shop.tables(_LAKE), world.expected(), only={table})
    observed = f"{done or 'NOTHING WAS HIT'}; exit {code}, {', '.join(found.tables) or 'tables equal'}" if in_time else "the job was over before the fault"
    return Finding(fault, f"{stage}: at work", observed, found.lost, found.duplicated, seconds, in_time and bool(done) and code == 0 and not found)


def _kill(world: World, word: str) -> str:
    killed = 0
    for process in world.cluster.processes(_WORKER, word):
        try:
            process.kill()
            killed += 1
        except psutil.NoSuchProcess:
            continue
    return f"{killed} processes killed" if killed else ""


def _offline(world: World) -> str:
    world.hosts.cut(_WORKER)
    time.sleep(_OFFLINE)
    world.hosts.join(_WORKER)
    return "cut and joined again"


def _full(world: World) -> str:
    return "filled" if world.hosts.fill_disk(_WORKER) else ""
