"""TensorFlow says hello on stderr, from C++ and whatever the log level."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_greetings() -> Iterator[None]:
    """What is written to the file of stderr meanwhile is gone. For imports: what fails there is raised, not printed."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
