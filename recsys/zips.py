"""Zip files on Python's path are listed anew only when they have changed.

Before every Python task pyspark calls importlib.invalidate_caches (up to Spark 4.1; SPARK-54744), and Python before 3.12 then reads
the directory of every zip on its path, once for each package that was imported from it (github.com/python/cpython/issues/103200).
On a worker these are pyspark's own two and the jar of Spark: a tenth of a second of each task, be it ever so small.
"""

from __future__ import annotations

import os
import sys
import zipimport

_State = tuple[int, int, int]  # of a file: which it is, when it was written, how long it is


def keep_unchanged() -> None:
    """From now on `importlib.invalidate_caches` passes by the zip files that are as they were when it last read them."""
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
