"""Which code ran: a hash of the sources, alike from a checkout, an installed package and a zip."""

from __future__ import annotations

import hashlib
import inspect
import sys
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_SOURCES = (".py", ".html")


@cache
def package_hash() -> str:
    """The hash of every source file of recsys, by name and content."""
    held = sorted((name, file.read_bytes()) for name, file in _sources(files("recsys"), ""))
    return hashlib.sha256(repr(held).encode()).hexdigest()[:16]


def code_hash(run: Callable) -> str:
    """The hash of the package and of the module that `run` is from.

    Where that module has no source to be read, no two hashes are equal: what cannot be compared counts as changed.
    """
    try:
        job = inspect.getsource(sys.modules[run.__module__])
    except (OSError, TypeError, KeyError, AttributeError):
        job = uuid.uuid4().hex
    return hashlib.sha256(f"{package_hash()} {job}".encode()).hexdigest()[:16]


def _sources(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{above}{entry.name}/")
        elif entry.name.endswith(_SOURCES):
            yield above + entry.name, entry
