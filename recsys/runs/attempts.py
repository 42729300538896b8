"""Carry a stage out: decide whether it has to run, run it, and put on record what became of it."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

import recsys
from recsys.erasure import USER_TABLES
from recsys.faults import Fault, Infrastructure, known_errors_as_faults
from recsys.night import Night
from recsys.runs.decision import Basis, basis, decide, states
from recsys.runs.ledger import DONE, FAILED, SKIPPED, Attempt, Found, Ledger, told_only
from recsys.runs.parts import Part, State
from recsys.runs.stage import Counts, Stage
from recsys.runs.things import MODEL
from recsys.secrets import masked
from recsys.tables import ERASURE_PROOFS

log = logging.getLogger(__name__)
_OF_USERS = {table.name for table in USER_TABLES}
_MESSAGE = 2_000  # characters kept of a fault; those of Java bring their whole stack


@dataclass
class Attempts:
    """All that one process does of a night."""

    night: Night
    ledger: Ledger
    force: bool = False
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    def make(self, stage: Stage) -> str:
        """Bring what `stage` writes up to date. Returns the outcome; what the stage raises goes on, once it is on record."""
        clock, now = _Clock(), None
        try:
            with known_errors_as_faults():
                now = basis(stage, self.night)
                decision = decide(stage, self.night, now, self.ledger, self.force)
                if decision.made:
                    return self._skip(stage, clock, decision.made)
                log.info("%s %s: runs, since %s", stage.name, self.night.ds, decision.why)
                read = self._found(stage.reads_on(self.night), now.reads)
                self.night.lake.written.clear()
                with self._no_erasure_meanwhile(stage):
                    counts = stage.run(replace(self.night, anew=self.force))
        except Exception as error:  # whatever it is, it is only put on record here
            self._failed(stage, clock, now, error)
            raise
        self._done(stage, clock, now, read, counts)
        return DONE

    @contextmanager
    def _no_erasure_meanwhile(self, stage: Stage) -> Iterator[None]:
        """What the block writes of users may be made from rows of before an erasure. One that took any of them out while it ran has written to its proof since.

        Raises:
            Infrastructure: users were erased while the block was at work.
        """
        writes_users = any(part.name in _OF_USERS for part in stage.writes_on(self.night).values())
        before = writes_users and self.night.lake.state(ERASURE_PROOFS)
        yield
        if writes_users and self.night.lake.state(ERASURE_PROOFS) != before:
            raise Infrastructure(
                f"Users were erased while {stage.name} was at work, and what it wrote for {self.night.ds} may hold rows of theirs again. Run it again for this "
                "day, which replaces those rows by others without them, or run the erasure again, which takes them out."
            )

    def _skip(self, stage: Stage, clock: _Clock, made: Attempt) -> str:
        told = f"made {made.started:%Y-%m-%d %H:%M} UTC by run {made.run_id} from the same"
        log.info("%s %s: skipped, %s; --force makes it anew", stage.name, self.night.ds, told)
        self.ledger.note(self._attempt(stage, clock, outcome=SKIPPED, message=told))
        return SKIPPED

    def _failed(self, stage: Stage, clock: _Clock, now: Basis | None, error: Exception) -> None:
        ours = not isinstance(error, Fault)
        message = f"{type(error).__name__}: {error}" if ours else error.kept
        made_from = {"settings": now.settings, "code_hash": now.code} if now else {}
        self._record(
            stage, clock, outcome=FAILED, exit_code=1 if ours else error.exit_code, message=masked(message)[:_MESSAGE], **made_from
        )

    def _done(self, stage: Stage, clock: _Clock, now: Basis, read: tuple[Found, ...], counts: Counts | None) -> None:
        seconds = clock.seconds()
        if counts is None:
            counts = Counts(sum(found.rows or 0 for found in read), sum(self.night.lake.written.values()))
        log.info(
            "%s %s: %s rows in, %s out, %s rejected, in %.1f s", stage.name, self.night.ds,
            f"{counts.rows_in:,}", f"{counts.rows_out:,}", f"{counts.rejected:,}", seconds,
        )
        with told_only("gets no row of this stage, so a later run will do it again"):
            left = states(stage.writes_on(self.night), self.night)
            model = {**now.reads, **left}.get(MODEL.label(self.night))
            self._record(
                stage, clock, outcome=DONE, rows_in=counts.rows_in, rows_out=counts.rows_out, rejected=counts.rejected,
                reads=read, writes=self._written(stage, left), settings=now.settings, code_hash=now.code,
                model_version=model.about if model else None,
            )

    def _found(self, parts: Mapping[str, Part], now: Mapping[str, State]) -> tuple[Found, ...]:
        """Parts with their rows: as an earlier stage told them, else counted."""
        return tuple(
            Found(label, state.fingerprint, self._rows(label, state, parts[label]), state.within) for label, state in now.items()
        )

    def _rows(self, label: str, state: State, part: Part) -> int | None:
        known = self.ledger.rows_of(label, state.fingerprint)
        return part.count(self.night) if known is None else known

    def _written(self, stage: Stage, left: Mapping[str, State]) -> tuple[Found, ...]:
        """A day is written whole, so its rows are those that were written; of other tables only a part was."""
        whole = {label: part.name for label, part in stage.writes_on(self.night).items() if part.verb == "replaces"}
        rows = {label: self.night.lake.written.get(name) for label, name in whole.items()}
        return tuple(Found(label, state.fingerprint, rows.get(label), state.within) for label, state in left.items())

    def _record(self, stage: Stage, clock: _Clock, **told: object) -> None:
        self.ledger.note(self._attempt(stage, clock, **told))
        self.ledger.write()

    def _attempt(self, stage: Stage, clock: _Clock, **told: object) -> Attempt:
        night = self.night
        return Attempt(
            self.run_id, stage.name, night.ds, night.model_ds, clock.started, clock.seconds(), code_version=recsys.__version__, **told
        )


class _Clock:
    """When an attempt was begun, and for how long it has lasted."""

    def __init__(self) -> None:
        self.started, self._begun = datetime.now(timezone.utc), time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self._begun
