"""Files of a training, as any file system takes them: a mounted object store takes bytes at the end of a file only."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from recsys.faults import Infrastructure


class _Onwards(io.RawIOBase):
    """A file that does not go back: zipfile then puts sizes and checksums behind each array, and not into the bytes before it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        return self._file.write(data)


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write `arrays` as npz, from front to back, and wait until the disk has them."""
    with path.open("wb") as file:
        np.savez(_Onwards(file), **arrays)
        file.flush()
        os.fsync(file.fileno())  # else a machine that loses its power may know the name and not the bytes


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Say of a fault of the disk that it was `what` that could not be written.

    Raises:
        Infrastructure: the disk is full, or the folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise Infrastructure(f"{what} cannot be written: {error}. See that `models` has space and can be written to.") from error
