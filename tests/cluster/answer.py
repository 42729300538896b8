"""What a lake says, so that two lakes can be compared: the rows of every table, read without Spark from Delta's own log."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq

from recsys import columns as c
from recsys import tables as t
from recsys.training.artifact import WEIGHTS

# Figures of these tables come from sums of floats in an order that Spark chooses; all other columns of all tables are compared exactly.
_TO_TOLERANCE = {
    t.PUSHES.name: {c.SCORE},
    t.EVALUATIONS.name: {c.VALUE, c.LOW, c.HIGH, c.NUMERATOR, c.DENOMINATOR},
    t.COMPARISONS.name: {c.DIFFERENCE, c.RATIO, c.LOW, c.HIGH},
}
_TOLERANCE = 1e-4
_NOT_COMPARED = {
    t.PUSHES.name: {c.EVENTS_VERSION},  # counts commits, of which a rerun makes more
    t.COSTS.name: {c.SECONDS, c.SECONDS_FIRST, c.SECONDS_MEDIAN, c.SECONDS_P95, c.PEAK_BYTES, c.ADDED_BYTES, c.GPU_PEAK_BYTES},
}
_OF_RUNS = {t.INCOMING.name, "runs"}  # they tell of the last run, and of every one

Rows = Counter  # of rows as (digest of all exact columns, figures)


@dataclass(frozen=True)
class Difference:
    """How far a lake is from the one it should equal; rows of all tables together."""

    lost: int
    duplicated: int  # rows that are there too often, or should not be there at all
    tables: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.tables)


def difference(lake: Path, expected: Path, day: str | None = None, only: set[str] | None = None) -> Difference:
    """What `lake` lacks and has besides, in the tables of `expected`; rows of `day` alone where it is given."""
    lost, more, named = 0, 0, []
    for folder in sorted(expected.iterdir()):
        if folder.name in _OF_RUNS or (only is not None and folder.name not in only):
            continue
        found, wanted = rows(lake / folder.name, day), rows(folder, day)
        missing, surplus = apart(found, wanted)
        lost, more = lost + missing, more + surplus
        if missing or surplus:
            named.append(f"{folder.name} -{missing} +{surplus}")
    return Difference(lost, more, tuple(named))


def other_weights(models: Path, expected: Path) -> list[str]:
    """The models of `expected` whose weights are others in `models`, or not there; the same weights are the same bytes."""
    found, wanted = ({path.parent.name: path.read_bytes() for path in folder.glob(f"[!.]*/{WEIGHTS}")} for folder in (models, expected))
    return sorted(name for name in wanted if found.get(name) != wanted[name])


def apart(found: Rows, wanted: Rows) -> tuple[int, int]:
    """How many rows of `wanted` are not found, and how many found ones are not wanted."""
    missing, surplus = wanted - found, found - wanted
    by_key = {}
    for key, figures in surplus.elements():
        by_key.setdefault(key, []).append(figures)
    near = 0
    for key, figures in missing.elements():
        close = next((other for other in by_key.get(key, []) if _close(figures, other)), None)
        if close is not None:
            by_key[key].remove(close)
            near += 1
    return missing.total() - near, surplus.total() - near


def _close(ours: tuple, theirs: tuple) -> bool:
    return all(a == b or None not in (a, b) and math.isclose(a, b, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE) for a, b in zip(ours, theirs))


def rows(table: Path, day: str | None = None, version: int | None = None) -> Rows:
    """The rows of one version of a table, the newest where none is given; none where there is no table."""
    counted: Rows = Counter()
    for name, partition in live_files(table, version).items():
        if day and partition.get(c.DAY, day) != day:
            continue
        for row in pq.ParquetFile(table / unquote(name)).read().to_pylist():
            told = row | partition
            if not day or c.DAY not in told or str(told[c.DAY]) == day:
                counted[_reduced(told, table.name)] += 1
    return counted


def live_files(table: Path, version: int | None = None) -> dict[str, dict[str, Any]]:
    """The files of one version of a table, each with its partition values."""
    live: dict[str, dict[str, Any]] = {}
    for commit in sorted((table / "_delta_log").glob("*.json")):
        if version is not None and int(commit.stem) > version:
            break
        for line in commit.read_text(encoding="utf-8").splitlines():
            action = json.loads(line)
            if "remove" in action:
                live.pop(action["remove"]["path"], None)
            if "add" in action:
                live[action["add"]["path"]] = action["add"]["partitionValues"]
    return live


def last_version(table: Path) -> int:
    """The number of the last commit; -1 where there is no table."""
    return max((int(commit.stem) for commit in (table / "_delta_log").glob("*.json")), default=-1)


def _reduced(row: dict[str, Any], table: str) -> tuple[str, tuple]:
    figures, skipped = _TO_TOLERANCE.get(table, set()), _NOT_COMPARED.get(table, set())
    exact = {name: str(value) for name, value in row.items() if name not in figures | skipped}
    digest = hashlib.md5(json.dumps(exact, sort_keys=True).encode()).hexdigest()
    return digest, tuple(row[name] for name in sorted(figures))
