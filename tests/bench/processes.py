"""Processes of their own: TensorFlow stays out of the one that starts Spark, as in a night's, and each holds only its own memory."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any


def process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def in_a_process(call: Callable, *arguments: object) -> Any:
    with process() as fresh:
        return fresh.submit(call, *arguments).result()
