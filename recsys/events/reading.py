"""Read the rows of a source as they are: text for csv and json, typed columns for parquet and delta."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructType

from recsys import columns as c
from recsys.events.files import Place, Unit, find_units, literal, resolve
from recsys.events.source import FileSettings
from recsys.faults import BadData, understood
from recsys.lake import quoted_parts
from recsys.paths import SCHEME

Layout = tuple[tuple[str, str], ...]  # the columns of a unit in their order, with the types that the file states
_AT_ONCE = 8
CORRUPT = "_corrupt_record"  # the whole line, where it does not have the columns of its file
# How Spark's own errors tell that a file is broken, and what to say of it.
_BROKEN = {
    "Unexpected end of": "is cut short in the middle of its compressed data",
    "EOFException": "is cut short in the middle of its compressed data",
    "not a gzip file": "is named .gz but is not gzip",
    "incorrect header check": "is named .gz but is not gzip",
    "invalid block type": "holds damaged compressed data",
    "invalid distance": "holds damaged compressed data",
    "incorrect data check": "holds damaged compressed data",
    "TextParsingException": "has a line of more than 20,480 columns, as no export writes one",
    "is not a Parquet file": "is not a Parquet file",
    "is not a parquet file": "is not a Parquet file",
    "CANNOT_READ_FILE_FOOTER": "is not a readable Parquet file",
    "Could not read footer": "is not a readable Parquet file",
    "FAILED_READ_FILE": "cannot be read",
    "DIVIDE_BY_ZERO": "meets a division by zero in an expression of the mapping (write `x / nullif(y, 0)`)",
    "INVALID_PARAMETER_VALUE.PATTERN": "meets a regular expression in the mapping that Java cannot read",
    "PatternSyntaxException": "meets a regular expression in the mapping that Java cannot read",
    "INVALID_ARRAY_INDEX": "meets a shorter list than an expression of the mapping asks for (write `get(x, 0)` or `try_element_at(x, 1)`)",
    "DATETIME_": "meets a pattern of dates in the mapping that Spark does not read",
    "DateTimeException": "meets a date in an expression of the mapping that cannot be (write `try_to_timestamp(x, '...')`)",
    "ARITHMETIC_OVERFLOW": "meets too great a number in an expression of the mapping (write `try_multiply(x, y)` or `try_cast(x AS double)`)",
    "CAST_INVALID_INPUT": "meets text in an expression of the mapping that needs a number (write `try_cast(x AS double)`)",
    "SQLSTATE: 22": "meets a value that an expression of the mapping cannot work with",
}


def read_groups(spark: SparkSession, files: FileSettings, units: list[Unit], whole: bool = False) -> list[DataFrame]:
    """The rows of `units` with `source_file`, one frame for every set of columns, by name and type, that the files have.

    Args:
        whole: tell the malformed rows of csv whatever columns are asked for; else only where all are.

    Raises:
        BadData: as from `by_columns`.
    """
    return [read_group(spark, files, layout, members, whole) for layout, members in by_columns(spark, files, units).items()]


def by_columns(spark: SparkSession, files: FileSettings, units: list[Unit]) -> dict[Layout, list[Unit]]:
    """`units` by the columns that they have.

    Raises:
        BadData: a file lacks a column that `files.columns` names, has no header, or has another than a file beside it in its folder.
    """
    groups: dict[Layout, list[Unit]] = defaultdict(list)
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # a small Spark job for each file, and there may be thousands of files
        if files.format == "csv" and files.header:
            _refuse_other_headers(spark, files, units, pool)
        for unit, layout in zip(units, pool.map(lambda unit: layout_of(spark, files, unit), units)):
            groups[layout].append(unit)
    return dict(groups)


def _refuse_other_headers(spark: SparkSession, files: FileSettings, units: list[Unit], pool: ThreadPoolExecutor) -> None:
    """Spark reads a whole folder by the header of one of its files: the others' columns would go by their place."""
    inside = [(unit, file) for unit in units if len(unit.files) > 1 for file in unit.files]
    of_folder: dict[Unit, tuple[str, list[str]]] = {}
    for (unit, file), found in zip(inside, pool.map(lambda one: _header(spark, files, *one), inside)):
        other, expected = of_folder.setdefault(unit, (file, found))
        if [name.lower() for name in found] != [name.lower() for name in expected]:
            raise BadData(
                f"{file} has the columns {found}, and {other} beside it {expected}; a folder of csv files is read by one header. Deliver them with "
                "the same columns in the same order, or write the path as a glob, as in folder/*.csv: then each file is read by its own header; "
                "nothing was written."
            )


def _header(spark: SparkSession, files: FileSettings, unit: Unit, file: str) -> list[str]:
    with broken_input(unit.name):
        return _reader(spark, files, file).columns


def layout_of(spark: SparkSession, files: FileSettings, unit: Unit) -> Layout:
    with broken_input(unit.name):
        types = dict(_reader(spark, files, unit.path).dtypes) if files.format == "parquet" else {}
        return tuple((name, types.get(name, "text")) for name in _columns(spark, files, unit))


def read_list(spark: SparkSession, files: FileSettings) -> list[DataFrame]:
    """All rows of a product list, one frame for every set of columns, by name and type, that its files have; what a file lacks is null there."""
    groups = read_groups(spark, files, find_units(spark, files, stamp=""), whole=True)
    kinds = {name.lower(): (name, kind) for group in reversed(groups) for name, kind in group.dtypes}
    return [group.withColumns(_absent(kinds, group.columns)) for group in groups]


def _absent(kinds: dict[str, tuple[str, str]], found: list[str]) -> dict[str, Column]:
    there = {name.lower() for name in found}
    return {name: F.lit(None).cast(kind) for lower, (name, kind) in kinds.items() if lower not in there}


def _columns(spark: SparkSession, files: FileSettings, unit: Unit) -> list[str]:
    if files.format == "json" and files.columns:
        return list(files.columns)  # an optional field may be absent from a whole file
    found = _reader(spark, files, unit.path).columns
    if files.format == "json":
        found = [name for name in found if name != CORRUPT]
    kept = sorted({CORRUPT, c.SOURCE_FILE} & {name.lower() for name in found})
    if kept:
        raise BadData(f"{unit.name} has a column {kept[0]}, a name that is kept for what is noted beside a row. Deliver it under another name; nothing was written.")
    wanted = list(files.columns)
    missing = [name for name in wanted if name not in found]
    if files.format == "csv" and not files.header:
        missing = wanted if len(found) != len(wanted) else []
        found = found if missing else wanted
    if not found:
        raise BadData(
            f"{unit.name} holds nothing, not even a header. Its export has probably failed: deliver it again, or remove it; "
            "nothing was written."
        )
    if missing or (files.format == "csv" and len(found) == 1 != len(wanted)):
        told = f", missing {missing}" if 0 < len(missing) < len(wanted) else ""
        asked = f"; is the delimiter '{files.delimiter}' right?" if files.format == "csv" and len(found) == 1 else "."
        raise BadData(
            f"{unit.name}: columns expected {wanted or 'two or more'}, found {found}{told}{asked} Correct the file, or files.columns, "
            "files.delimiter, files.encoding and files.header in the source's YAML; nothing was written."
        )
    return found


def _reader(spark: SparkSession, files: FileSettings, path: str) -> DataFrame:
    if files.format == "csv":
        return spark.read.options(**_csv_options(files)).csv(literal(path))
    if files.format == "json":  # without files.columns the fields are found by reading the file once more
        return spark.read.options(primitivesAsString=True, columnNameOfCorruptRecord=CORRUPT).json(literal(path))
    if files.format == "delta" and "/" not in path:
        return spark.read.table(quoted_parts(path))
    return spark.read.format(files.format).load(path if files.format == "delta" else literal(path))


def read_group(spark: SparkSession, files: FileSettings, layout: Layout, units: list[Unit], whole: bool = False) -> DataFrame:
    """The rows of `units`, all with the columns of `layout`, and `source_file`; `whole` as in `read_groups`."""
    if files.format == "delta":
        return _reader(spark, files, units[0].path).withColumn(c.SOURCE_FILE, F.lit(units[0].name))
    paths = [literal(unit.path) for unit in units]
    if files.format == "parquet":
        rows = spark.read.parquet(*paths)
    else:
        schema = StructType()
        for name in [*(name for name, _ in layout), CORRUPT]:
            schema = schema.add(name, StringType())
        options = _csv_options(files) | {"columnPruning": not whole} if files.format == "csv" else {}
        rows = spark.read.schema(schema).options(columnNameOfCorruptRecord=CORRUPT, **options).format(files.format).load(paths)
    return rows.withColumn(c.SOURCE_FILE, _unit_name(Place.of(resolve(files.path))))


def _csv_options(files: FileSettings) -> dict[str, object]:
    # Escape = quote is how RFC 4180 writes a quotation mark inside quotation marks.
    return {"header": files.header, "sep": files.delimiter, "quote": files.quote, "escape": files.quote, "encoding": files.encoding}


def _unit_name(place: Place) -> Column:
    decoded = F.expr("url_decode(replace(_metadata.file_path, '+', '%2B'))")
    path = F.regexp_replace(F.regexp_replace(decoded, SCHEME, ""), "^/+", "")
    return F.array_join(F.slice(F.split(path, "/+"), place.fixed + 1, place.depth - place.fixed), "/")


@contextmanager
def broken_input(what: str) -> Iterator[None]:
    """Turn Spark's errors about a broken file into one paragraph; any other error passes, that of a machine that cannot read it too."""
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        text = str(error)
        told = next((meaning for sign, meaning in _BROKEN.items() if sign in text), None)
        if told is None or understood(error):
            raise
        said = _first_line(text)  # often with the value itself, which may be of a user
        raise BadData(
            f"The input of {what} {told}. Deliver or correct it and run again; nothing was written. Spark says: {said}", of_users=said
        ) from None


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if any(sign in line for sign in _BROKEN)]
    return (lines[0] if lines else text.strip())[:300]
