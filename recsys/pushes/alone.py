"""The list of a single user without Spark: how long somebody waits who asks now."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

import cloudpickle
import pyarrow as pa

from recsys.pushes.scoring import Request, resident, scored


def waits(path: str, load: Callable[[str], Any], rows: Sequence[pa.RecordBatch], request: Request) -> list[float]:
    """Seconds from each of `rows`, a user's stored history, to the list; the first includes loading the model."""
    seconds, started = [], time.monotonic()
    for row in rows:
        for _ in scored(row, resident(path, load), request):
            pass
        seconds.append(time.monotonic() - started)
        started = time.monotonic()
    return seconds


def fresh_waits(path: str, load: Callable[[str], Any], rows: Sequence[pa.RecordBatch], request: Request) -> list[float]:
    """`waits` in a process of its own, in which no library was loaded before."""
    call = cloudpickle.dumps(partial(waits, path, load, rows, request))
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as fresh:
        return fresh.submit(_called, call).result()


def _called(call: bytes) -> list[float]:
    return cloudpickle.loads(call)()
