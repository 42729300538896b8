"""The table that is printed, the same as JSON, and the machine that both were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, TextIO

import psutil
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from tests.bench.row import Figure, Row

_HEAD = (
    "stage", "measured", "ours", "noise", "wall / CPU s", "against", "theirs", "noise", "wall / CPU s", "ratio (least to most)", "aim", "",
)
_LIBRARIES = ("pyspark", "tensorflow-cpu", "keras", "numpy", "pyarrow")
_WIDE = 1_000  # columns of a console on which no cell is broken into lines


def print_table(found: Mapping[str, Sequence[Row]], to: TextIO) -> None:
    """Every row as a line of a Markdown table. Noise is half of what lies between the extremes of the repeats."""
    table = Table(*_HEAD, box=MARKDOWN)
    for stage, rows in found.items():
        for row in rows:
            table.add_row(*_cells(stage, row))
    console = Console(file=to, width=_WIDE, highlight=False, markup=False)
    with console.capture() as printed:
        console.print(table)
    to.write(f"{printed.get().strip()}\n")


def machine() -> dict[str, Any]:
    """What the figures were measured on, and how busy it was with other things when that began."""
    return {
        "system": platform.platform(), "processor": _processor(), "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1), "load_before": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(), **{name: version(name) for name in _LIBRARIES},
    }


def as_json(stage: str, row: Row) -> dict[str, Any]:
    """A row with every repeat of it."""
    return {"stage": stage} | asdict(row) | {"ratios": row.ratios, "verdict": row.verdict}


def _cells(stage: str, row: Row) -> list[str]:
    aim = str(row.aim) if row.aim else ""
    return [stage, row.measured, *_side(row.ours), row.against, *_side(row.theirs), _ratio(row.ratios), aim, row.verdict]


def _side(figure: Figure | None) -> list[str]:
    if figure is None:
        return ["", "", ""]
    noise = "" if figure.noise is None else f"±{figure.noise:.0%}"
    wall, cpu = (median(getattr(each, kind) for each in figure.taken) if figure.taken else None for kind in ("wall", "cpu"))
    return [f"{_number(figure.median)} {figure.unit}", noise, "" if wall is None else f"{wall:.2f} / {cpu:.2f}"]


def _ratio(ratios: Sequence[float]) -> str:
    return f"{_number(median(ratios))} ({_number(min(ratios))} to {_number(max(ratios))})" if ratios else ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def _processor() -> str:
    """As /proc names it; Python's own answer is empty on Linux."""
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return names[0] if names else platform.processor()
