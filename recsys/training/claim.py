"""One training of a model at a time: two would write over each other's checkpoints."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from recsys.faults import Infrastructure
from recsys.training.disk import writing

log = logging.getLogger(__name__)


@contextmanager
def claimed(checkpoint: str) -> Iterator[None]:
    """Hold the training whose checkpoints lie in `checkpoint` for the block. The system lets go of it when the process dies.

    Raises:
        Infrastructure: another process holds it, or the folder cannot be written.
    """
    path = Path(f"{checkpoint}.lock")
    with writing(f"The lock {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    with lock:
        if not _locked(lock, path):
            raise Infrastructure(
                f"Another run trains this very model at the same time: it holds {path}. That run goes on, this one ends here. "
                "Wait until the other is over, and run this again only if it works with other input."
            )
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _locked(lock: TextIO, path: Path) -> bool:
    """Whether this process holds the file now; a file that its last holder removed in between is no claim."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False
    except OSError as error:  # some mounted object stores know no locks
        log.warning("%s cannot be locked (%s): see that no other run trains this model at the same time.", path, error)
        return True
