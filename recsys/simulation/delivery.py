"""Write the files of a simulated shop below one folder, so that no half log can be taken for a whole one."""

from __future__ import annotations

import logging
import time

from pyspark.sql import DataFrame

from recsys.events.files import resolve
from recsys.simulation.shop import LOG, PRODUCTS

log = logging.getLogger(__name__)


def deliver(files: dict[str, DataFrame], folder: str) -> None:
    """Replace the shop in `folder`: product list and truth, then the log.

    The old log is emptied first, which intake refuses. Spark keeps the files of a write under `_temporary`, which no
    reader looks into, until all of them are written: a run killed before that leaves a log that is refused.
    """
    place = resolve(folder)
    _write(files[LOG].limit(0), f"{place}/{LOG}", LOG)
    for name, rows in sorted(files.items(), key=lambda file: file[0] == LOG):
        started = time.monotonic()
        _write(rows, f"{place}/{name}", name)
        log.info("simulated %s/%s: %.1f s", folder, name, time.monotonic() - started)


def _write(rows: DataFrame, place: str, name: str) -> None:
    writer = rows.write.mode("overwrite")
    if name in (LOG, PRODUCTS):
        writer.options(header=True, escape='"', compression="gzip").csv(place)
    else:
        writer.parquet(place)
