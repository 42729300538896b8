"""The driver is killed: while it computes, and between the files of every table and their commit."""

from __future__ import annotations

import time
from collections.abc import Iterator

from recsys import tables as t
from tests.cluster.answer import difference, live_files, other_weights, rows
from tests.cluster.findings import Finding
from tests.cluster.hosts import kill_all
from tests.cluster.shop import DS
from tests.cluster.spark import Job
from tests.cluster.watch import kill_before_commit
from tests.cluster.world import EXPECTED, LATE, RANKS, World

_LAKE, _START = "driver_killed", "driver_killed_before"
_ATTEMPTS = 4  # to hit the moment before a commit
_TRAINS = "train_model"
_STAGES = (
    "ingest_events", "ingest_products", "build_user_features", "correlate_attributes", "fit_normalizer", "segment_users",
    "build_sequences", _TRAINS, "push_products", "evaluate_models", "write_report",
)
_TABLES = [table for table in vars(t).values() if isinstance(table, t.Table)]


def driver_killed(world: World) -> Iterator[Finding]:
    """Stated outcome: the table stays as it was, and the stage run again gives the tables, or the very weights, of an undisturbed run.

    It starts from a lake that holds this very day without the late file, so every kill is in a replacement.
    """
    world.copy(LATE, _LAKE)
    for stage in _STAGES:
        world.copy(_LAKE, _START)
        yield _killed_while_computing(world, stage)
        for table in _TABLES:
            if table.made_by == stage and _is_written(world, table):
                yield _killed_before_commit(world, stage, table)


def _is_written(world: World, table: t.Table) -> bool:
    """Whether the undisturbed run wrote files to it: a replacement by no rows writes none, so nothing lies between them and the commit."""
    late, expected = (live_files(lake / table.name) for lake in (world.shop.tables(LATE), world.expected()))
    return bool(set(expected) - set(late))


def _killed_while_computing(world: World, stage: str) -> Finding:
    job = _send(world, stage)
    _await_work(job, stage)
    code = job.process.poll()
    kill_all(job.process)
    killed = time.monotonic()
    return _recovered(world, stage, "driver killed", f"{stage}: computing", "killed" if code is None else f"had ended with {code}", code is None, killed)


def _killed_before_commit(world: World, stage: str, table: t.Table) -> Finding:
    place = world.shop.tables(_LAKE) / table.name
    before = rows(world.shop.tables(_START) / table.name)
    hit = any(_kill_before_commit(world, stage, table) for _ in range(_ATTEMPTS))
    killed = time.monotonic()
    whole = rows(place) == before
    observed = ("table as before" if whole else "TABLE CHANGED") if hit else f"moment missed {_ATTEMPTS} times"
    return _recovered(world, stage, "driver killed", f"{stage}: files of {table.name} written, not committed", observed, hit and whole, killed)


def _kill_before_commit(world: World, stage: str, table: t.Table) -> bool:
    lake = world.copy(_START, _LAKE)
    return kill_before_commit(_send(world, stage), lake / table.name)


def _recovered(world: World, stage: str, fault: str, injected: str, observed: str, good: bool, since: float) -> Finding:
    code = _send(world, stage).wait()
    seconds = time.monotonic() - since
    made = {table.name for table in _TABLES if table.made_by == stage}
    found = difference(world.shop.tables(_LAKE), world.expected(), only=made)
    what, others = "tables", found.tables
    if stage == _TRAINS:  # it writes no table
        what, others = "weights", other_weights(world.shop.models(_LAKE), world.shop.models(EXPECTED))
    told = f"{observed}; run again: exit {code}, {what} {', '.join(others) or 'equal'}"
    return Finding(fault, injected, told, found.lost, found.duplicated, seconds, good and code == 0 and not others)


def _send(world: World, stage: str) -> Job:
    return world.cluster.submit(stage, world.shop.night(_LAKE, DS, None, RANKS))


def _await_work(job: Job, stage: str) -> None:
    """Return when the session is up and the stage has been at it for a moment; a training, when its first epoch has begun."""
    sign = "Epoch 1/" if stage == _TRAINS else f"{stage} for {DS}"
    while job.runs and sign not in job.said():
        time.sleep(0.05)
    time.sleep(0.5 if stage == "write_report" else 2)
