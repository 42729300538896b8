"""Find the files of a source, and tell whether they changed since they were taken in.

A path may match several files or folders. Each match is one unit: it is taken in, counted and replaced for
itself, under its name relative to the part of the path before the first wildcard.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.utils import AnalysisException

from recsys.events.source import FileSettings
from recsys.faults import BadData, BadSettings
from recsys.lake import quoted, quoted_parts
from recsys.paths import SCHEME, absolute

_WILDCARD = re.compile(r"[*?\[{]")
_GLOB_SIGNS = re.compile(r"[{}\[\]*?\\]")
_MODIFIED = "modified"
_KEYED = re.compile("([^=]+)=.")
_ENDINGS = {"gzip": ".gz", "bzip2": ".bz2", "zstd": ".zst"}


@dataclass(frozen=True)
class Unit:
    """A file, folder or table that is taken in whole."""

    name: str
    path: str
    fingerprint: str  # equal as long as content and mapping are
    files: tuple[str, ...] = field(default=(), repr=False)  # their paths; none of a Delta table


@dataclass(frozen=True)
class Place:
    """Where a path lies in its file system: how deep its units are, and which part names them."""

    path: str
    depth: int
    fixed: int

    @classmethod
    def of(cls, path: str) -> Place:
        parts = parts_of(path)
        wild = [position for position, part in enumerate(parts) if _WILDCARD.search(part)]
        return cls(path, len(parts), wild[0] if wild else len(parts) - 1)

    def unit(self, file: str) -> tuple[str, str]:
        """The name and the path of the unit that `file` belongs to."""
        parts = parts_of(file)
        scheme = re.match(SCHEME, file)
        return "/".join(parts[self.fixed:self.depth]), (scheme.group() if scheme else "") + "/" + "/".join(parts[:self.depth])

    def folders(self, file: str) -> list[str]:
        """The folders in which `file` lies inside its unit, from the outermost on."""
        return parts_of(file)[self.depth:-1]


def parts_of(path: str) -> list[str]:
    return [part for part in re.sub(SCHEME, "", path).split("/") if part]


def find_units(spark: SparkSession, files: FileSettings, stamp: str) -> list[Unit]:
    """Everything that `files.path` matches, by name. `stamp` stands for the mapping.

    Raises:
        BadData: nothing is there, or something is empty, named against its compression or too deep inside a folder.
        BadSettings: the path is no pattern.
    """
    if files.format == "delta":
        return [_delta_unit(spark, files, stamp)]
    place = Place.of(resolve(files.path))
    found = defaultdict(list)
    for row in _listing(spark, files, place):
        found[place.unit(row["path"])].append((row["path"], row["length"], row[_MODIFIED]))
    for (_, path), members in found.items():
        _check(files, members)
        _refuse_passed_by(place, path, [file for file, _, _ in members], alone=len(found) == 1)
    units = [Unit(name, path, _digest(stamp, sorted(members)), _paths(members)) for (name, path), members in found.items()]
    return sorted(units, key=lambda unit: unit.name)


def literal(path: str) -> str:
    """`path` as Spark reads it when its wildcards are letters of a name."""
    return _GLOB_SIGNS.sub(r"\\\g<0>", path)


def resolve(path: str) -> str:
    """`path` with package:, ~ and $VARIABLES filled in; without a scheme it is taken from the working directory.

    Raises:
        BadSettings: the package is not installed, is no name of one, or a variable is not set.
    """
    if path.startswith("package:"):
        package, _, inside = path.removeprefix("package:").partition("/")
        try:
            spec = importlib.util.find_spec(package)
        except (ImportError, ValueError):  # a package above it is not there, or that is no name
            spec = None
        if spec is None or not spec.submodule_search_locations:
            raise BadSettings(f"'{path}' names the Python package '{package}', which is not installed here; run pip install {package}, or write it as package:name/file.")
        return "file://" + str(Path(next(iter(spec.submodule_search_locations))).resolve() / inside)
    filled = os.path.expandvars(os.path.expanduser(path))
    unset = re.findall(r"\$\{?(\w+)\}?", filled)
    if unset:
        raise BadSettings(f"'{path}' uses the environment variables {unset}, which are not set; set them or write the path out.")
    return absolute(filled)


def _listing(spark: SparkSession, files: FileSettings, place: Place) -> list:
    # Spark's own listing works on every file system that it reads from; the content is not read. It leaves out
    # empty files, which only `inputFiles` tells.
    try:
        listed = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(place.path)
        everything = [unquote(file) for file in listed.inputFiles()]
        rows = listed.select("path", "length", F.unix_micros("modificationTime").alias(_MODIFIED)).collect()  # Python's own time would be that of its machine's zone
    except AnalysisException:
        everything = []
    except Py4JJavaError as error:
        if "Illegal file pattern" not in str(error):
            raise
        raise BadSettings(
            f"The path '{files.path}' is no pattern: a bracket or brace in it is not closed. Correct files.path in the source's YAML, with a \\ "
            "before a bracket that is a letter of a name; nothing was written."
        ) from None
    if not everything:
        trouble = "matches no file" if _WILDCARD.search(place.path) else "is not there, or is an empty folder"
        raise BadData(
            f"The path '{files.path}'{f' ({place.path})' if place.path != files.path else ''} {trouble}. Correct files.path in the source's YAML, or set source_path; "
            "nothing was written."
        )
    empty = {place.unit(file)[0] for file in everything} - {place.unit(row["path"])[0] for row in rows}
    if empty:
        raise BadData(
            f"{min(empty)} is empty (0 bytes). Its export has probably failed: deliver it again, or remove it; nothing was written."
        )
    return rows


def _check(files: FileSettings, members: list[tuple]) -> None:
    ending = _ENDINGS.get(files.compression or "", "")
    odd = [path for path, _, _ in members if ending and not path.endswith(ending)]
    odd += [path for path, _, _ in members if files.compression == "none" and path.endswith(tuple(_ENDINGS.values()))]
    if odd:
        raise BadData(
            f"{odd[0]} does not end as compression = {files.compression} would have it. Spark tells compression by the "
            "ending of the name (.gz, .bz2, .zst): rename the file or correct files.compression; nothing was written."
        )


def _refuse_passed_by(place: Place, unit: str, members: list[str], alone: bool) -> None:
    """Of a folder Spark reads the files themselves, or those below sub-folders key=value, all by the same keys; it passes others by without a word.

    Of several folders at once it reads none by key=value; `alone` says that there is but one.
    """
    first, *others = sorted(members)
    layout = _keys(place.folders(first))
    odd = first if layout is None or (layout and not alone) else next((file for file in others if _keys(place.folders(file)) != layout), None)
    if odd:
        deeper = "/*" * max(len(place.folders(file)) for file in members)
        raise BadData(
            f"{odd} would be passed by: of the folder {unit} the files directly in it are read, or else, where it is the only folder, those of sub-folders "
            f"that are named key=value, all by the same keys. Move what does not belong there, or write the path by its sub-folders, as in {place.path.rstrip('/')}{deeper}: each is then "
            "taken in for itself; nothing was written."
        )


def _keys(folders: list[str]) -> tuple[str, ...] | None:
    """The keys of folders key=value; None where one is named otherwise."""
    named = [_KEYED.match(folder) for folder in folders]
    return tuple(match.group(1) for match in named) if all(named) else None


def _delta_unit(spark: SparkSession, files: FileSettings, stamp: str) -> Unit:
    is_path = "/" in files.path or files.path.startswith((".", "~", "package:"))
    path = resolve(files.path) if is_path else files.path
    try:
        table = f"delta.{quoted(path)}" if is_path else quoted_parts(path)
        version = spark.sql(f"DESCRIBE HISTORY {table} LIMIT 1").first()["version"]
    except AnalysisException as error:
        raise BadData(
            f"There is no Delta table '{files.path}': {str(error).splitlines()[0]}. Correct files.path; nothing was written."
        ) from None
    return Unit(parts_of(path)[-1] if is_path else path, path, _digest(stamp, version))


def _paths(members: list[tuple]) -> tuple[str, ...]:
    return tuple(sorted(path for path, _, _ in members))


def _digest(*parts: object) -> str:
    return hashlib.md5(repr(parts).encode()).hexdigest()
