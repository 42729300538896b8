"""What a piece of work takes: seconds on the clock and of all processors, in turns with the work it is compared with."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import psutil
from rich.console import Console
from rich.progress import track

Work = Callable[[], object]


@dataclass(frozen=True)
class Taken:
    """Seconds of one repeat: on the clock, and of all processors together."""

    wall: float
    cpu: float


def in_turns(works: Mapping[str, Work], repeats: int, warm_up: Iterable[Work] | None = None) -> dict[str, list[Taken]]:
    """Each of `works` `repeats` times, in turns (A B A B), so that a disturbance of the machine hits both.

    `warm_up`, or where there is none each of `works`, runs once before that, unmeasured: what is compiled, loaded or
    cached at first is not what is compared.
    """
    for work in works.values() if warm_up is None else warm_up:
        work()
    found: dict[str, list[Taken]] = {name: [] for name in works}
    for _ in track(range(repeats), " / ".join(works), console=Console(file=sys.stderr)):
        for name, work in works.items():
            found[name].append(taken(work))
    return found


def taken(work: Work) -> Taken:
    """What one call of `work` takes."""
    wall, cpu = time.monotonic(), cpu_seconds()
    work()
    return Taken(time.monotonic() - wall, cpu_seconds() - cpu)


def cpu_seconds() -> float:
    """Of this process, its JVM, their Python workers, and all others below it, ended ones included."""
    root = psutil.Process()
    return sum(map(_spent, [root, *root.children(recursive=True)]))


def _spent(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:  # ended meanwhile: its parent counts it from now on
        return 0.0
    return times.user + times.system + times.children_user + times.children_system
