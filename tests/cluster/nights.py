"""Nights that do not come one after another: late, at once, ten in a row; and readers while a day is replaced."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.cluster.answer import difference, rows
from tests.cluster.findings import Finding
from tests.cluster.shop import DS, LAST_DAYS
from tests.cluster.watch import reader
from tests.cluster.world import EXPECTED, LATE, RANKS, World

_READ = (
    "products", "user_features", "normalizer", "segments", "vocabulary", "newcomers", "neighbours", "likenesses", "trends", "sequences", "pushes",
    "evaluations",
)
_ENDS = {0, 4}  # well, or told that another run was in the way
_ANOTHER = "Another run"
_ONE_HOST = "local[2]"
_IN_TIME, _AT_ONCE, _BACKFILL, _ALONE = "in_time", "at_once", "backfill", "alone"


def late_day_and_readers(world: World) -> Iterator[Finding]:
    """Stated outcome: the night run again after the late file came equals one that had it in time; readers saw the old or the new rows.

    The run again is the undisturbed run that all other cases are compared with.
    """
    world.copy(LATE, EXPECTED)
    tables = [world.expected() / name for name in _READ]
    before = {table.name: rows(table, str(DS)) for table in tables}
    started = time.monotonic()
    with reader(tables, str(DS)) as seen:
        world.run("run_pipeline", world.shop.night(EXPECTED, DS, None, RANKS))
    seconds = time.monotonic() - started
    after = {table.name: rows(table, str(DS)) for table in tables}
    mixed = [name for name in _READ if any(state not in (before[name], after[name]) for state in seen[name])]
    replaced = [name for name in _READ if before[name] != after[name] and len(seen[name]) == 2]
    told = f"mixed: {', '.join(mixed)}" if mixed else f"old or new rows only; {len(replaced)} of {len(_READ)} tables seen changing"
    yield Finding("none; readers look on", "a night run again", told, 0, 0, None, not mixed and len(replaced) > len(_READ) // 2)

    world.run("run_pipeline", world.shop.night(_IN_TIME, DS, None, RANKS))
    found = difference(world.expected(), world.shop.tables(_IN_TIME))
    yield Finding(
        f"{LAST_DAYS[-2]} late for {DS}", "arrives after the run, which is run again", ", ".join(found.tables) or "as if in time",
        found.lost, found.duplicated, seconds, not found,
    )


def two_at_once(world: World) -> Iterator[Finding]:
    """Stated outcome: one run at least ends well, the other too or with exit 4 that names the other; the tables are those of one run."""
    world.copy(LATE, _AT_ONCE)
    started = time.monotonic()
    jobs = [world.cluster.submit("run_pipeline", world.shop.night(_AT_ONCE, DS, None, RANKS), master=_ONE_HOST) for _ in range(2)]
    codes = sorted(job.wait() for job in jobs)
    seconds = time.monotonic() - started
    unnamed = [job.log.name for job in jobs if job.process.returncode == 4 and _ANOTHER not in job.said()]
    found = difference(world.shop.tables(_AT_ONCE), world.expected())
    told = f"exit codes {codes}; {', '.join(found.tables) or 'tables equal'}"
    good = codes[0] == 0 and set(codes) <= _ENDS and not unnamed and not found
    yield Finding("two runs of one day", "at once", told, found.lost, found.duplicated, seconds, good)


def backfill(world: World) -> Iterator[Finding]:
    """Stated outcome: of ten days, oldest first, every day is what it is when run alone, and no later one changes it.

    One host does it: what is asked is what a night does to the days of others, not where it runs.
    """
    for lake in (_BACKFILL, _ALONE):
        world.copy(EXPECTED, lake)
    started = time.monotonic()
    model = LAST_DAYS[0]
    for day in LAST_DAYS:
        world.run("run_pipeline", world.shop.night(_BACKFILL, day, model, RANKS), master=_ONE_HOST)
    seconds = time.monotonic() - started
    for day in (LAST_DAYS[0], LAST_DAYS[5]):
        world.run("run_pipeline", world.shop.night(_ALONE, day, model, RANKS), master=_ONE_HOST)
        found = difference(world.shop.tables(_BACKFILL), world.shop.tables(_ALONE), day=str(day))
        told = ", ".join(found.tables) or "as when run alone"
        yield Finding("none", f"ten days, oldest first: {day}", told, found.lost, found.duplicated, seconds, not found)
