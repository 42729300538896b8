"""What a Python worker of Spark does once, when it first meets this package, so that small tasks take no longer than they must."""

from __future__ import annotations

import gc
import os
import sys
import zipimport

from recsys.allocation import keep_memory

_KEPT = 2**26  # bytes
_State = tuple[int, int, int]  # of a file: which it is, when it was written, how long it is


def quicken() -> None:
    """Spare this worker what it would do anew for every task, or for every block of rows.

    Of its blocks, some megabytes each, the memory stays: arithmetic on them takes half as long. After each task pyspark has all objects
    of the worker looked through for garbage, and the next one waits: a twentieth of a second once pandas and pyarrow are there, which
    every task of this package needs. What is there already is no garbage.
    """
    keep_memory(_KEPT)
    keep_unchanged_zips()
    import pandas  # noqa: F401
    import pyarrow  # noqa: F401

    gc.freeze()


def keep_unchanged_zips() -> None:
    """From now on `importlib.invalidate_caches` passes by the zip files that are as they were when it last read them.

    Pyspark calls it before every task (up to Spark 4.1; SPARK-54744), and Python before 3.12 then reads the directory of every zip on its
    path, once for each package that was imported from it (github.com/python/cpython/issues/103200). On a worker these are pyspark's own
    two and the jar of Spark: a tenth of a second of each task.
    """
    if sys.version_info >= (3, 12):
        return  # there a zip is listed when next something is looked for in it
    known: dict[str, _State | None] = {}
    read = zipimport.zipimporter.invalidate_caches

    def invalidate_caches(importer: zipimport.zipimporter) -> None:
        state = _state(importer.archive)
        if state is None or known.get(importer.archive) != state:
            known[importer.archive] = state
            read(importer)
        else:  # another importer of the same zip may have read it
            importer._files = zipimport._zip_directory_cache.get(importer.archive, importer._files)

    zipimport.zipimporter.invalidate_caches = invalidate_caches


def _state(path: str) -> _State | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
