"""Delta's jars: resolved once by Spark itself, kept in the user's cache, put beside Spark's own jars.

There every session of the environment finds them, without configuration and without asking the network.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from place import CACHE, CannotSetUp, Place

_RESOLVE = """
import sys
from pyspark.sql import SparkSession
coordinates, ivy = sys.argv[1:]
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
builder.config("spark.jars.packages", coordinates).config("spark.jars.ivy", ivy).getOrCreate().stop()
"""


def install(place: Place) -> None:
    jars = place.site_packages / "pyspark" / "jars"
    coordinates = f"io.delta:delta-spark_{_scala(jars)}:{place.pinned('delta-spark')}"
    kept = CACHE / f"{coordinates.replace(':', '-')}-for-spark-{place.pinned('pyspark')}"
    if not kept.exists():
        _resolve(place, coordinates, jars, kept)
    for jar in kept.glob("*.jar"):
        shutil.copy(jar, jars / f"{jar.name}.part")
        os.replace(jars / f"{jar.name}.part", jars / jar.name)


def _scala(jars: Path) -> str:
    """The Scala version that Spark was built with, as in the names of Delta's packages: 2.12 or 2.13."""
    library = next(jars.glob("scala-library-*.jar"))
    return re.search(r"-(\d+\.\d+)\.", library.name)[1]


def _resolve(place: Place, coordinates: str, jars: Path, kept: Path) -> None:
    place.say(f"resolving {coordinates}, once on this machine")
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="resolving-") as scratch:
        try:
            place.run("-c", _RESOLVE, coordinates, f"{scratch}/ivy", timeout=600, PYSPARK_PYTHON=str(place.python))
        except CannotSetUp as fault:
            raise CannotSetUp(f"{fault}\nWithout a way out to a Maven repository, put the jars of {coordinates} into {kept} yourself.") from None
        wanted = Path(scratch) / "wanted"
        wanted.mkdir()
        for jar in Path(scratch, "ivy", "jars").glob("*.jar"):
            if not (jars / _artifact(jar)).exists():  # Spark brings some of them itself
                shutil.copy(jar, wanted / _artifact(jar))
        wanted.rename(kept)


def _artifact(jar: Path) -> str:
    """`io.delta_delta-storage-4.0.1.jar` → `delta-storage-4.0.1.jar`: Ivy puts the group before the name."""
    return jar.name.split("_", 1)[1]
