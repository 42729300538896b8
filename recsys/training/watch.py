"""What the launcher knows of the ranks of one start from their signs of life: who stands still, and whose fault an end was."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from recsys.faults import Infrastructure
from recsys.settings import TrainingSettings
from recsys.training.signs import FAILED, RUNNING, TOGETHER, Sign, seconds_between_signs


@dataclass(frozen=True)
class Cause:
    """Why a start of all ranks came to nothing."""

    fault: str  # the class of the fault, where it was one that a person can mend
    why: str  # a sentence without its full stop, or the whole message of the fault
    trace: str = ""


class Watch:
    """Hears the signs of all ranks. Threads may call `hear` at once; what it stores is replaced, never changed."""

    def __init__(self, settings: TrainingSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock, self._begun = settings, clock, clock()
        self._signs: dict[int, Sign] = {}
        self._heard: dict[int, float] = {}  # when a rank gave its last sign
        self._moved: dict[int, float] = {}  # when it last went on to something else
        self._ended: list[int] = []  # ranks that failed, in the order in which they said so

    def hear(self, line: str) -> None:
        """Take in a sign as `Signs` writes it."""
        sign, now = Sign(**json.loads(line)), self._clock()
        before = self._signs.get(sign.rank)
        if before is None or sign.moves > before.moves:
            self._moved[sign.rank] = now
        self._heard[sign.rank], self._signs[sign.rank] = now, sign
        if sign.state == FAILED:
            self._ended.append(sign.rank)

    @property
    def heard_any(self) -> bool:
        return bool(self._signs)

    def stalled(self) -> Cause | None:
        """Who stands still; None while all move, or have not had the time they are given, or one failed: the others wait for it."""
        if self._ended:
            return None
        still = [rank for rank in range(self._settings.ranks) if self._state(rank) == RUNNING]
        since = min((self._moved.get(rank, self._begun) for rank in still), default=max(self._heard.values(), default=self._begun))
        if self._clock() - since <= self._patience(still):
            return None
        return Cause("", self._who_stalls(still, f"for {self._clock() - since:.0f} s"))

    def _patience(self, still: list[int]) -> float:
        """Seconds that ranks may stand still: before a first epoch and after the last, those that they may take to start besides."""
        midway = still and any(sign.warm for sign in self._signs.values())
        return self._settings.stall_seconds + (0 if midway else self._settings.timeout_seconds)

    def _who_stalls(self, still: list[int], how_long: str) -> str:
        silent = [rank for rank in still if self._silent(rank)]
        if silent:
            return f"{self._told(silent)} gave no sign of life {how_long}: it is stopped, or its host is gone"
        alone = [rank for rank in still if self._signs[rank].doing != TOGETHER]
        if alone:
            return f"{self._told(alone)} has not moved {how_long}: {place(self._signs[alone[0]])}"
        if still:
            return f"{self._told(still)} {'have' if len(still) > 1 else 'has'} not moved {how_long}, waiting for the others"
        return f"all ranks are done, but Spark did not end their tasks {how_long}"

    def failed_for(self) -> float:
        """Seconds since the first rank said that it failed; 0 while none did."""
        return self._clock() - self._heard[self._ended[0]] if self._ended else 0.0

    def cause(self, over: bool) -> Cause | None:
        """What a failure began with: a rank that names a fault, else one that went without a word, else the first to speak.

        Args:
            over: all processes have ended, so whoever said nothing of it was killed. Else whoever is silent was.
        """
        lost = [rank for rank in self._signs if self._state(rank) == RUNNING and (over or self._silent(rank))]
        for rank in [*(rank for rank in self._ended if self._signs[rank].fault), *lost, *self._ended]:
            sign = self._signs[rank]
            if sign.fault and sign.fault != Infrastructure.__name__:  # whose machine has a fault matters, and it may pass
                return Cause(sign.fault, sign.said)
            if sign.state == RUNNING:
                return Cause("", f"{sign} ended without a word, as a process does that is killed; it was last seen {place(sign)}")
            return Cause("", f"{sign} failed ({place(sign)}): {sign.said}", sign.trace)
        return None

    def _silent(self, rank: int) -> bool:
        return self._clock() - self._heard.get(rank, self._begun) > 2.5 * seconds_between_signs(self._settings.stall_seconds)

    def _state(self, rank: int) -> str:
        return self._signs[rank].state if rank in self._signs else RUNNING

    def _told(self, ranks: list[int]) -> str:
        return ", ".join(str(self._signs.get(rank, f"rank {rank} (which never started)")) for rank in ranks)


def place(sign: Sign) -> str:
    """Where in the training a rank was."""
    return f"{sign.doing}, epoch {sign.epoch}, step {sign.step}" if sign.epoch else sign.doing
