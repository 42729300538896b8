"""Whether a stage has to run: not, where it was done from the same and what it left is still there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recsys.night import Night
from recsys.runs.code import code_hash
from recsys.runs.ledger import Attempt, Found, Ledger
from recsys.runs.parts import Part, State
from recsys.runs.stage import Stage


@dataclass(frozen=True)
class Basis:
    """What a stage would be made from now."""

    settings: str
    code: str
    reads: Mapping[str, State]  # by label; what is not there has none


@dataclass(frozen=True)
class Decision:
    """`made` is the attempt that makes a run needless; else `why` says what makes it needed."""

    why: str
    made: Attempt | None = None


def basis(stage: Stage, night: Night) -> Basis:
    return Basis(stage.settings_of(night.settings), code_hash(stage.run), states(stage.reads_on(night), night))


def states(parts: Mapping[str, Part], night: Night) -> dict[str, State]:
    """The state of each part that is there, by label."""
    found = {label: part.state(night) for label, part in parts.items()}
    return {label: state for label, state in found.items() if state is not None}


def decide(stage: Stage, night: Night, now: Basis, ledger: Ledger, force: bool) -> Decision:
    """In doubt a stage runs."""
    last = ledger.last_done(stage.name, night, now.settings if stage.apart else None)
    why = "--force asks for it" if force else _why(stage, night, now, last, ledger)
    return Decision(why or "", None if why else last)


def _why(stage: Stage, night: Night, now: Basis, last: Attempt | None, ledger: Ledger) -> str | None:
    if last is None:
        return f"no run for {night.ds} is on record as done"
    if not stage.writes_on(night):
        return "it leaves nothing by which one could tell that it was done"
    if last.code_hash != now.code:
        return "the code is another"
    if last.settings != now.settings:
        return "settings are others"
    changed = _differing(last.reads, now.reads)
    if changed:
        return f"{changed} changed since"
    replaced = _differing(last.writes, states(stage.writes_on(night), night))
    if replaced:
        return f"{replaced} is not what that run left"
    if ledger.beside(last):
        return "the last two runs of it were at the same time"
    return None


def _differing(then: tuple[Found, ...], now: Mapping[str, State]) -> str | None:
    """The first part that is another than it was, came, or went."""
    before = {found.part: found.fingerprint for found in then}
    after = {label: state.fingerprint for label, state in now.items()}
    return next((label for label in sorted({*before, *after}) if before.get(label) != after.get(label)), None)
