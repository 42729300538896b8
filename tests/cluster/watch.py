"""Looking on from outside: the moment between files written and commit, and what readers see meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.cluster.answer import Rows, last_version, rows
from tests.cluster.hosts import family, kill_all
from tests.cluster.spark import Job

_EVERY = 0.002  # seconds between two looks; Delta takes some hundred milliseconds from files to commit


def kill_before_commit(job: Job, table: Path) -> bool:
    """Kill the driver of `job` when new files lie in `table` that no commit names; False if that moment was missed.

    All of the driver is stopped first and the log looked at again, so a kill is never later than it claims to be.
    """
    version, files = last_version(table), _files(table)
    while job.runs:
        if _files(table) - files:
            _to_all(job, psutil.Process.suspend)
            if last_version(table) == version:
                kill_all(job.process)
                return True
            version, files = last_version(table), _files(table)
            _to_all(job, psutil.Process.resume)
        time.sleep(_EVERY)
    return False


def _to_all(job: Job, act) -> None:
    for process in family(job.process):
        try:
            act(process)
        except psutil.NoSuchProcess:
            continue


def _files(table: Path) -> set[Path]:
    """The Parquet files with something in them, committed or not."""
    found = set()
    for path in table.rglob("*.parquet"):
        try:
            if "_delta_log" not in path.parts and path.stat().st_size:
                found.add(path)
        except FileNotFoundError:
            continue  # a failed task's, swept up
    return found


@contextmanager
def reader(tables: list[Path], day: str) -> Iterator[dict[str, list[Rows]]]:
    """Read `day` of `tables` again and again, as long as the block runs; yields what was seen, each state once."""
    seen: dict[str, list[Rows]] = {table.name: [] for table in tables}
    over = threading.Event()

    def look() -> None:
        versions: dict[str, int] = {}
        while not over.is_set():
            for table in tables:
                version = last_version(table)
                if versions.get(table.name) != version:  # what a version says does not change
                    state = rows(table, day, version)
                    versions[table.name] = version
                    if state not in seen[table.name]:
                        seen[table.name].append(state)
            time.sleep(0.05)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()
