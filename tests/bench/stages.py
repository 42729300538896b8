"""The stages that are measured, by name. Each module is imported in the process that measures it, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from tests.bench.row import Row

STAGES = ("scoring", "statistics", "kmeans", "feed", "training", "ranks", "sequences", "catalogue", "load")
SIZES = ("full", "large", "huge", "small")  # large, huge: more for `load`, an hour of it or many; for the others the same as full


def rows_of(stage: str, size: str, folder: Path) -> Iterator[Row]:
    """Measure `stage` and yield its rows; files go into `folder`."""
    module = import_module(f"tests.bench.{stage}")
    return module.rows(module.SIZES.get(size, module.SIZES["full"]), folder)


def measured(stage: str, size: str, folder: Path) -> list[Row]:
    """The rows of `stage`. For a process of its own."""
    return list(rows_of(stage, size, folder))
