"""What came in, what was rejected and why, and what is in the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.night import Night
from recsys.report import facts, words
from recsys.report.figures import lines_over_time
from recsys.report.page import Block, Grid, Picture, Text
from recsys.split import test_start as first_test_day
from recsys.split import validation_start

_FILES = 12  # files named on the page; the others are summed up


def taken_in(night: Night) -> Sequence[Block]:
    files = facts.rows(night.lake.read(t.INGESTS).orderBy(F.col(c.ROWS_IN).desc(), c.SOURCE, c.SOURCE_FILE))
    parts = [c.ROWS_IN, c.ACCEPTED, c.REJECTED, c.COPIES, c.ERASED]
    totals = [sum(file[part] for file in files) for part in parts]
    lines = [[_short(file[c.SOURCE_FILE]), *(file[part] for part in parts)] for file in files[:_FILES]]
    if len(files) > _FILES:
        lines.append([f"{len(files) - _FILES} more files", *(sum(file[part] for file in files[_FILES:]) for part in parts)])
    lines.append(["all files", *totals])
    grid = Grid(["file", "rows in", "accepted", "rejected", "copies dropped", "erased"], lines, strong=[len(lines) - 1])
    return [Text(_account(*totals)), grid, _rejections(night)]


def _account(rows_in: int, accepted: int, rejected: int, copies: int, erased: int) -> str:
    sums = accepted + rejected + copies + erased
    verdict = "The sums add up: nothing was lost." if sums == rows_in else (
        f"The sums do NOT add up: {words.count(rows_in)} rows in, {words.count(sums)} accounted for."
    )
    gone = f", and {words.count(erased)} were of users who asked to be erased" if erased else ""
    rate = words.share(rejected / rows_in, 2) if rows_in else "none"
    return (
        f"Of {words.count(rows_in)} rows that came in, {words.count(accepted)} became events, {words.count(rejected)} ({rate}) were "
        f"put into quarantine with their reasons, and {words.count(copies)} were exact copies of another row{gone}. {verdict}"
    )


def _rejections(night: Night) -> Grid:
    found = facts.rows(facts.reasons(night.lake.read(t.QUARANTINE)))
    return Grid(
        ["why rows were rejected", "rows"], [[words.plain(row[c.REASONS]), row[c.ROWS]] for row in found],
        "A row that broke several rules counts under each of them.",
    )


def behaviours(night: Night) -> Sequence[Block]:
    events = night.lake.read(t.EVENTS).where(F.col(c.DAY) <= F.lit(night.ds))
    extent = facts.rows(facts.extent(events))[0]
    if not extent[c.EVENTS]:
        return [Text(f"The log holds no events up to {night.ds}.")]
    found = facts.rows(facts.by_behaviour(events))
    grid = Grid(
        ["behaviour", "events", "users", "products"],
        [[row[c.BEHAVIOUR], row[c.EVENTS], row[c.USERS], row[c.ITEMS]] for row in found],
    )
    opening = Text(
        f"Up to {night.ds} the log holds {words.count(extent[c.EVENTS])} events of {words.count(extent[c.USERS])} users on "
        f"{words.count(extent[c.ITEMS])} products, from {extent[facts.FIRST]} to {extent[facts.LAST]}."
    )
    return [opening, grid, _over_time(night, events, extent)]


def _over_time(night: Night, events: DataFrame, extent: dict) -> Picture:
    unit = facts.unit_for(extent[facts.FIRST], extent[facts.LAST])
    series: dict[str, list[tuple[date, int]]] = defaultdict(list)
    for row in facts.rows(facts.over_time(events, unit)):
        series[row[c.BEHAVIOUR]].append((row[facts.PERIOD], row[c.EVENTS]))
    split, spans = night.settings.split, []
    if split.kind == "time":
        spans = [validation_start(split, night.model_ds), first_test_day(split, night.model_ds), night.model_ds]
    biggest = max(series, key=lambda name: sum(value for _, value in series[name]))
    return Picture(
        lines_over_time(series, unit, spans),
        f"Line chart of events per {unit} for each behaviour ({words.listing(sorted(series))}); {biggest} is the most frequent.",
        f"Events per {unit}. The first and the last {unit} may be cut short by the log. " + (
            f"Light grey: the validation period from {spans[0]}; darker: the test period from {spans[1]}." if spans else ""
        ),
    )


def _short(path: str) -> str:
    """The end of a path: the file and, if that says little, nothing more; never a machine's folders."""
    return path.rstrip("/").rsplit("/", 1)[-1]
