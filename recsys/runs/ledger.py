"""The table `runs`: what was attempted, with which outcome, from what.

It is an account and no input of any stage. Where it cannot be read or written, the night goes on and its tables stand:
they are as right as with an account, and all that is lost is that a later run does this work once more. So that costs a
warning, never a night.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta, timezone

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.faults import Fault
from recsys.lake import Lake
from recsys.night import Night
from recsys.tables import RUNS

log = logging.getLogger(__name__)
DONE, SKIPPED, FAILED = "done", "skipped", "failed"


@dataclass(frozen=True)
class Found:
    """A part as an attempt found or left it."""

    part: str
    fingerprint: str
    rows: int | None = None
    within: str | None = None


@dataclass(frozen=True)
class Attempt:
    """A row of `runs`; the fields are its columns."""

    run_id: str
    stage: str
    ds: date
    model_ds: date
    started: datetime  # in UTC
    seconds: float
    outcome: str
    exit_code: int = 0
    message: str | None = None
    rows_in: int | None = None
    rows_out: int | None = None
    rejected: int | None = None
    reads: tuple[Found, ...] = ()
    writes: tuple[Found, ...] = ()
    settings: str | None = None
    code_version: str | None = None
    code_hash: str | None = None
    model_version: str | None = None

    @property
    def ended(self) -> datetime:
        return self.started + timedelta(seconds=self.seconds)


@dataclass
class Ledger:
    """The attempts of a night's days, read once, and those that are added."""

    lake: Lake
    attempts: list[Attempt] = field(default_factory=list)
    _waiting: list[Attempt] = field(default_factory=list)

    @classmethod
    def of(cls, night: Night) -> Ledger:
        ledger = cls(night.lake)
        with told_only("cannot be read, so every stage runs"):
            ledger.attempts = _read(night)
        for found in (found for attempt in ledger.attempts for found in (*attempt.reads, *attempt.writes)):
            if found.within:
                night.lake.seen[found.part] = found.within, found.fingerprint
        return ledger

    def note(self, attempt: Attempt) -> None:
        """Keep `attempt` until the next is written: a commit takes longer than it takes to skip a stage."""
        self._waiting.append(attempt)

    def write(self) -> None:
        """Add to the table what was noted."""
        rows, self._waiting = self._waiting, []
        if not rows:
            return
        self.attempts += rows
        with told_only("cannot be written, so a later run will do this work again"):
            schema = ", ".join(f"{name} {kind}" for name, kind in RUNS.columns.items())
            frame = self.lake.spark.createDataFrame([_row(attempt) for attempt in rows], schema)
            self.lake.append(frame.coalesce(1), RUNS)

    def last_done(self, stage: str, night: Night, settings: str | None = None) -> Attempt | None:
        """The attempt that was begun last of those that did `stage` for this day by this model's day, with `settings` if they are given."""
        done = [
            attempt for attempt in self.attempts
            if (attempt.stage, attempt.ds, attempt.model_ds, attempt.outcome) == (stage, night.ds, night.model_ds, DONE)
            and settings in (None, attempt.settings)
        ]
        return max(done, key=lambda attempt: attempt.started, default=None)

    def beside(self, one: Attempt) -> Attempt | None:
        """Another attempt at the same stage and day that ran at the same time."""
        others = [
            other for other in self.attempts
            if (other.stage, other.ds) == (one.stage, one.ds) and other.run_id != one.run_id and other.outcome != SKIPPED
        ]
        return next((other for other in others if other.started < one.ended and one.started < other.ended), None)

    def rows_of(self, label: str, fingerprint: str) -> int | None:
        """The rows of a part in this state, if any attempt told them."""
        found = [part for attempt in self.attempts for part in (*attempt.reads, *attempt.writes)]
        return next((part.rows for part in found if (part.part, part.fingerprint) == (label, fingerprint) and part.rows is not None), None)


@contextmanager
def told_only(what: str) -> Iterator[None]:
    """Turn whatever goes wrong with the ledger inside the block into a warning."""
    try:
        yield
    except (Fault, PySparkException, Py4JError, OSError) as error:
        log.warning("The table %s %s: %s", RUNS.name, what, " ".join(str(error).split())[:300])


def _read(night: Night) -> list[Attempt]:
    if not night.lake.exists(RUNS):
        return []
    days = [F.lit(night.ds), F.lit(night.model_ds)]
    # Python would read a timestamp in the time zone of its machine.
    rows = night.lake.read(RUNS).where(F.col(c.DAY).isin(*days))
    known = rows.select(*(F.col(name).cast(kind).alias(name) for name, kind in RUNS.columns.items()))  # another version's may have more
    told = known.withColumn(c.STARTED, F.unix_micros(c.STARTED)).orderBy(c.STARTED)
    return [_attempt(row.asDict(recursive=True)) for row in told.collect()]


def _attempt(row: dict) -> Attempt:
    parts = {name: tuple(Found(**part) for part in row[name] or ()) for name in (c.READS, c.WRITES)}
    return Attempt(**row | parts | {c.STARTED: datetime.fromtimestamp(row[c.STARTED] / 1e6, timezone.utc)})


def _row(attempt: Attempt) -> tuple:
    values = asdict(attempt)
    parts = {name: [tuple(part.values()) for part in values[name]] for name in (c.READS, c.WRITES)}
    return tuple((values | parts)[name] for name in RUNS.columns)
