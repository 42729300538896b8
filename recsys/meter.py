"""What a stage takes: seconds, and memory of every process of this run on this machine."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from recsys import columns as c

_EVERY = 0.5  # seconds between two samples; looking through all processes takes some ten milliseconds


@dataclass
class Meter:
    """Filled when its stage is over.

    Memory is the resident set of the driver, its JVM and all their children (Python workers, training ranks), summed
    up. Pages that forked workers share count for each of them, and machines other than the driver's are not seen.
    """

    seconds: float = 0.0
    peak_bytes: int = 0  # the most at any sample
    added_bytes: int = 0  # how much more that is than before the stage
    gpu_peak_bytes: int | None = None  # the most on NVIDIA cards; None where there is none, or it does not tell whose it is


def memory_of(meter: Meter) -> dict[str, int | None]:
    """The memory of a stage, as the table `costs` and a model's manifest name it."""
    return {c.PEAK_BYTES: meter.peak_bytes, c.ADDED_BYTES: meter.added_bytes, c.GPU_PEAK_BYTES: meter.gpu_peak_bytes}


@contextmanager
def metered(every: float = _EVERY) -> Iterator[Meter]:
    """Watch what happens inside the block."""
    meter, over, before = Meter(), threading.Event(), resident_bytes()

    def look() -> None:
        meter.peak_bytes = max(meter.peak_bytes, resident_bytes())
        on_cards = gpu_bytes()
        if on_cards is not None:
            meter.gpu_peak_bytes = max(meter.gpu_peak_bytes or 0, on_cards)

    def watch() -> None:
        while not over.wait(every):
            look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    started = time.monotonic()
    try:
        yield meter
    finally:
        meter.seconds = time.monotonic() - started
        over.set()
        watcher.join()
        look()
        meter.added_bytes = max(meter.peak_bytes - before, 0)


def resident_bytes() -> int:
    """What the processes of this run hold in memory now."""
    return sum(map(_resident, _processes()))


def gpu_bytes() -> int | None:
    """What the processes of this run hold on NVIDIA cards now, as the driver's own tool tells it; None where it cannot."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    asked = [tool, "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
    lines = subprocess.run(asked, capture_output=True, text=True).stdout.splitlines()
    held = dict(map(str.strip, line.split(",")) for line in lines if line.count(",") == 1)
    ours = [held[str(process.pid)] for process in _processes() if str(process.pid) in held]
    # In a container the driver may name processes otherwise than we do, and some cards do not tell amounts.
    if (held and not ours) or not all(map(str.isdigit, ours)):
        return None
    return sum(map(int, ours)) * 2**20  # it counts in MiB


def _processes() -> list[psutil.Process]:
    """The driver, its JVM, and all their children."""
    root = psutil.Process()
    parent = root.parent()
    if parent is not None and "java" in parent.name():  # spark-submit: the JVM started this process, not the other way round
        root = parent
    return [root, *root.children(recursive=True)]


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:  # ended meanwhile
        return 0
