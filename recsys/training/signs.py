"""Signs of life of a training rank: where it is, every few seconds, in lines of its stderr that only the launcher reads."""

from __future__ import annotations

import json
import os
import socket
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass

from recsys.faults import Fault
from recsys.training.plan import Outcome, Plan

MARK = "\x1e"  # begins a sign; nothing else that a rank says holds it
STARTING, READING, TOGETHER, VALIDATING, SAVING = "starting", "reading rows", "in a step with the others", "validating", "saving a checkpoint"
RUNNING, DONE, FAILED = "running", "done", "failed"
_TRACE = 2_500  # characters of a stack trace that are sent: a line of a pipe should stay below 4 KiB


@dataclass
class Sign:
    """What a rank says of itself."""

    rank: int
    host: str
    process: int
    doing: str = STARTING
    epoch: int = 0  # from 1; 0 before the first
    step: int = 0  # the same
    moves: int = 0  # how often it has gone on to something else
    warm: bool = False  # an epoch is done, so nothing more is to be compiled
    state: str = RUNNING
    fault: str = ""  # the class of the fault that ended it, where it was one that a person can mend
    said: str = ""  # the message of whatever ended it
    trace: str = ""

    def __str__(self) -> str:
        return f"rank {self.rank} (process {self.process} on host {self.host})"


class Signs:
    """Gives the signs of this process, from a thread of its own: it goes on while the rank waits for others."""

    def __init__(self, rank: int, every: float) -> None:
        self._sign = Sign(rank, socket.gethostname(), os.getpid())
        self._every, self._over = every, threading.Event()
        threading.Thread(target=self._go_on, daemon=True).start()

    def at(self, doing: str, epoch: int = 0, step: int = 0) -> None:
        """The rank goes on to `doing`. It costs next to nothing: nothing is sent here."""
        sign = self._sign
        sign.doing, sign.epoch, sign.step, sign.moves = doing, epoch, step, sign.moves + 1

    def warm(self) -> None:
        """From now on nothing should take much longer than it did before."""
        self._sign.warm = True

    def end(self, state: str, fault: str = "", said: str = "", trace: str = "") -> None:
        """The last sign."""
        self._over.set()
        sign = self._sign
        sign.state, sign.fault, sign.said, sign.trace = state, fault, said, trace[-_TRACE:]
        self._give()

    def _go_on(self) -> None:
        while not self._over.is_set():
            self._give()
            self._over.wait(self._every)

    def _give(self) -> None:
        os.write(2, f"{MARK}{json.dumps(asdict(self._sign))}\n".encode())  # in one piece, whatever else writes there


def seconds_between_signs(stall_seconds: float) -> float:
    return min(5.0, stall_seconds / 6)


def with_signs(train: Callable[[Plan, Signs], Outcome], plan: Plan) -> Outcome:
    """What Horovod runs on every rank: `train`, with signs of life beside it and a last word if it fails."""
    signs = Signs(int(os.environ["HOROVOD_RANK"]), seconds_between_signs(plan.settings.stall_seconds))
    try:
        outcome = train(plan, signs)
    except Fault as fault:
        signs.end(FAILED, type(fault).__name__, str(fault))
        raise SystemExit(fault.exit_code) from None  # the launcher tells it, once
    except Exception as error:
        signs.end(FAILED, "", f"{type(error).__name__}: {error}"[:_TRACE // 2], traceback.format_exc())
        raise SystemExit(1) from None
    signs.end(DONE)
    return outcome
