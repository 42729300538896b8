"""The lake: the only place that reads and writes Delta."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.utils import AnalysisException

from recsys import columns as c
from recsys.faults import BadData, BadSettings, Infrastructure, MissingTable, understood
from recsys.paths import absolute
from recsys.tables import Table, in_contract

log = logging.getLogger(__name__)
_CONFLICT = re.compile("DELTA_(CONCURRENT|METADATA_CHANGED|PROTOCOL_CHANGED)")  # Delta's names for a commit that came too late
# How Spark, its catalogues and Delta say that there is no such table; whatever else they say tells nothing of it.
_ABSENT = re.compile(
    r"^\[(TABLE_OR_VIEW_NOT_FOUND|SCHEMA_NOT_FOUND|CATALOG_NOT_FOUND|NO_SUCH_CATALOG_EXCEPTION|REQUIRES_SINGLE_PART_NAMESPACE"
    r"|DELTA_MISSING_DELTA_TABLE|DELTA_TABLE_NOT_FOUND|DELTA_PATH_DOES_NOT_EXIST)\b"
)
_BORROWED = "recsys.borrowed"  # property of a table that was taken over: from whom, and in which state


@dataclass(frozen=True)
class DataFile:
    """A live Parquet file of one table version."""

    url: str
    rows: int
    content: int = 0  # hash of the rows, whatever their order: the same rows written again have another url, not another hash


@dataclass(frozen=True)
class Lake:
    """The Delta tables below one root: a folder, an object-store URL, or `catalog.schema`.

    A write replaces what it names in one Delta commit, or leaves the table as it was.

    Raises:
        BadSettings: a part of the name is empty.
    """

    spark: SparkSession = field(repr=False)
    root: str
    written: dict[str, int] = field(default_factory=dict, repr=False, compare=False)  # rows by table; whoever asks empties it before
    seen: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False, compare=False)  # for recsys.runs: states of days

    def __post_init__(self) -> None:
        if not self._is_path and not all(self.root.split(".")):
            raise BadSettings(f"lake = {self.root} has a part without a name. Write a folder, an object-store URL, or catalog.schema.")

    @property
    def _is_path(self) -> bool:
        return "/" in self.root or self.root.startswith(".")

    @property
    def place(self) -> str:
        """The root from anywhere: Delta's SQL refuses relative paths."""
        return absolute(self.root) if self._is_path else self.root

    def location(self, table: Table) -> str:
        """The path or the three-part name of `table`."""
        return f"{self.place.rstrip('/')}/{table.name}" if self._is_path else f"{self.root}.{table.name}"

    def _identifier(self, table: Table) -> str:
        """As SQL names the table, so that nothing in `root` can be read as SQL."""
        location = self.location(table)
        return f"delta.{quoted(location)}" if self._is_path else quoted_parts(location)

    def exists(self, table: Table) -> bool:
        return self._detail(table) is not None

    def _detail(self, table: Table) -> Row | None:
        """What Delta's metadata say of `table`; None where it was never written.

        Raises:
            Infrastructure: neither can be told, as where a catalogue cannot be reached; what is there must not be taken for absent and overwritten.
        """
        try:
            return self.spark.sql(f"DESCRIBE DETAIL {self._identifier(table)}").first()
        except AnalysisException as error:
            if _ABSENT.search(str(error)):
                return None
            raise understood(error) or Infrastructure(
                f"Whether there is a table {self.location(table)} cannot be told: {str(error).splitlines()[0]} See that the catalogue, the store and the table itself "
                "can be read, and run this again."
            ) from error

    def read(self, table: Table, version: int | None = None) -> DataFrame:
        """The whole table, at `version` or as it is now.

        Raises:
            MissingTable: the table was never written.
        """
        try:
            frame = self._frame(table, version)
            frame.schema  # over Spark Connect nothing looks for the table before
        except AnalysisException as error:
            if self.exists(table):
                raise
            raise MissingTable(
                f"There is no table {self.location(table)} ({table.grain}). Run jobs/{table.made_by}.py first; "
                "jobs/run_pipeline.py runs every stage in order."
            ) from error
        return frame

    def _frame(self, table: Table, version: int | None = None) -> DataFrame:
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(self.location(table)) if self._is_path else reader.table(self._identifier(table))

    def read_day(self, table: Table, ds: date, version: int | None = None) -> DataFrame:
        """The rows of one day.

        Raises:
            MissingTable: the table, or that day of it, was never written.
        """
        day = self.read(table, version).where(F.col(c.DAY) == F.lit(ds))
        if day.isEmpty():
            raise MissingTable(
                f"{self.location(table)} holds nothing for {ds}. Run jobs/{table.made_by}.py --ds {ds} first. "
                "If it was run, it found nothing for that day: see whether --ds lies within the log."
            )
        return day

    def read_split(self, table: Table, ds: date, split: str) -> DataFrame:
        """The rows of one split of a day, maybe none.

        Raises:
            MissingTable: the table, or that day of it, was never written.
        """
        return self.read_day(table, ds).where(F.col(c.SPLIT) == split)

    def frame(self, rows: Sequence[tuple], table: Table, ds: date) -> DataFrame:
        """A few rows that were worked out on the driver, without their day, which is the last column of `table`."""
        schema = ", ".join(f"{name} {kind}" for name, kind in table.columns.items())
        return self.spark.createDataFrame([(*row, ds) for row in rows], schema)

    def replace_day(self, rows: DataFrame, table: Table, ds: date) -> int:
        """Replace the day `ds` of `table` by `rows`, which hold that day only. Returns the rows written."""
        return self.replace_where(rows, table, f"{c.DAY} = DATE'{ds}'", of=str(ds))

    def replace_where(self, rows: DataFrame, table: Table, predicate: str, of: str) -> int:
        """Replace the rows of `table` that fulfil `predicate` by `rows`, which all fulfil it, in one commit.

        Args:
            rows: columns as in the contract of `table`, in any order.
            predicate: Spark SQL over the columns of `table`.
            of: what is replaced, for the log line.

        Raises:
            Infrastructure: another run replaced the same rows meanwhile; its rows stay.
        """
        started = time.monotonic()
        try:
            with self._alone(table):
                self._write(in_contract(rows, table), table, predicate)
        except AnalysisException:
            self.refuse_other_version(table)
            raise
        written = int(self._last_commit(table)["operationMetrics"].get("numOutputRows", 0))
        self.written[table.name] = self.written.get(table.name, 0) + written
        log.info("%s %s: %s rows in %.1f s", table.name, of, f"{written:,}", time.monotonic() - started)
        return written

    @contextmanager
    def _alone(self, table: Table) -> Iterator[None]:
        """Of two runs at once the one that commits first goes on and the other ends, so that one is left."""
        try:
            yield
        except Exception as error:
            if not _CONFLICT.search(str(error)):
                raise
            raise Infrastructure(
                f"Another run wrote to {self.location(table)} at the same time. That run goes on, this one ends here and changed nothing "
                "in that table. Wait until the other is over, and run this again only if it works with other input or settings."
            ) from error

    def refuse_other_version(self, table: Table) -> None:
        """Raises BadData where the table has other columns than its contract, as one that an older version wrote."""
        found = set(self.read(table).columns) if self.exists(table) else set(table.columns)
        if not table.open_ended and found != set(table.columns):
            raise BadData(
                f"{self.location(table)} was written by another version of recsys: it lacks {sorted(set(table.columns) - found)} and has "
                f"{sorted(found - set(table.columns))} besides. Move or remove that table and run jobs/{table.made_by}.py again; "
                "nothing was written."
            )

    def _write(self, rows: DataFrame, table: Table, predicate: str) -> None:
        if not self._is_path and self.exists(table):  # saveAsTable would replace the table itself, with all its history
            rows.writeTo(self._identifier(table)).options(**_options(table)).overwrite(F.expr(predicate))
            return
        writer = rows.write.format("delta").mode("overwrite").option("replaceWhere", predicate).options(**_options(table))
        writer = writer.partitionBy(*table.partitions)
        if self._is_path:
            writer.save(self.location(table))
            return
        if not self.spark.catalog.databaseExists(quoted_parts(self.root)):
            raise BadSettings(
                f"There is no schema {self.root}. `lake` is read as catalog.schema, since it holds no slash; create that schema, "
                f"or write ./{self.root} for a folder."
            )
        writer.saveAsTable(self._identifier(table))

    def amend(self, rows: DataFrame, table: Table, key: str, of: str) -> None:
        """Give the rows of `table` that share `key` with a row of `rows` the values of its other columns, in one commit."""
        started = time.monotonic()
        rows.createOrReplaceTempView("amended_rows")
        values = ", ".join(f"old.{name} = new.{name}" for name in rows.columns if name != key)
        with self._alone(table):
            self.spark.sql(
                f"MERGE INTO {self._identifier(table)} AS old USING amended_rows AS new ON old.{key} = new.{key} "
                f"WHEN MATCHED THEN UPDATE SET {values}"
            )
        log.info("%s %s: amended in %.1f s", table.name, of, time.monotonic() - started)

    def remove(self, table: Table, keys: DataFrame, key: str) -> None:
        """Take the rows of `table` whose `key` is in `keys`, each there once, out in one commit.

        Raises:
            Infrastructure: another run wrote the same rows meanwhile; they stay.
        """
        started = time.monotonic()
        keys.createOrReplaceTempView("removed_keys")
        with self._alone(table):
            self.spark.sql(
                f"MERGE INTO {self._identifier(table)} AS old USING removed_keys AS gone ON old.{key} = gone.{key} WHEN MATCHED THEN DELETE"
            )
        log.info("%s: rows removed in %.1f s", table.name, time.monotonic() - started)

    def vacuum(self, table: Table) -> None:
        """Delete the files that no version within Delta's retention needs; older versions cannot be read after it."""
        self.spark.sql(f"VACUUM {self._identifier(table)}")

    def append(self, rows: DataFrame, table: Table) -> None:
        """Add `rows` to `table`. Appends never conflict, so runs at one time all get theirs in."""
        writer = in_contract(rows, table).write.format("delta").mode("append").options(**_options(table))
        if self._is_path:
            writer.save(self.location(table))
        else:
            writer.saveAsTable(self._identifier(table))

    def state(self, table: Table) -> str | None:
        """What changes with every commit of `table`, told from metadata alone; None where it was never written."""
        detail = self._detail(table)
        return detail and repr([detail["lastModified"].timestamp(), *(str(detail[name]) for name in ("id", "numFiles", "sizeInBytes"))])

    def files_of_day(self, table: Table, ds: date) -> list[str]:
        """The live files of one day of a partitioned `table`, none if there is no such day; no file is opened.

        A day that is written anew has other files, also for the same rows; it keeps them while other days are written.
        """
        return sorted(self._frame(table).where(F.col(c.DAY) == F.lit(ds)).inputFiles())

    def borrow(self, table: Table, owner: Lake) -> None:
        """Take over `table` of `owner` as it is now, without copying its files; `owner` must keep them.

        Where it was taken over in this very state before, nothing is committed.
        """
        taken, mark = self._detail(table), hashlib.sha256(f"{owner.state(table)}".encode()).hexdigest()
        if taken and taken["properties"].get(_BORROWED) == mark:
            return
        if taken:
            self.spark.sql(f"DELETE FROM {self._identifier(table)}")  # Delta clones over nothing but an empty table
        self.spark.sql(
            f"CREATE OR REPLACE TABLE {self._identifier(table)} SHALLOW CLONE {owner._identifier(table)} TBLPROPERTIES ('{_BORROWED}' = '{mark}')"
        )

    def version(self, table: Table) -> int:
        """The number of the last commit of `table`."""
        return int(self._last_commit(table)["version"])

    def _last_commit(self, table: Table) -> dict:
        history = self.spark.sql(f"DESCRIBE HISTORY {self._identifier(table)} LIMIT 1")
        return history.select("version", "operationMetrics").first().asDict()

    def files(self, table: Table, ds: date, split: str, version: int) -> list[DataFile]:
        """The live Parquet files of one day and split at `version`, in a stable order."""
        rows = self.read(table, version).where((F.col(c.DAY) == F.lit(ds)) & (F.col(c.SPLIT) == split))
        held = F.count("*").alias("rows"), F.bit_xor(F.xxhash64(*table.columns)).alias("content")
        files = rows.groupBy(F.col("_metadata.file_path").alias("url")).agg(*held).orderBy("url")
        return [DataFile(**file.asDict()) for file in files.collect()]


def quoted(name: str) -> str:
    """The name of a table, column or path as Spark SQL wants it, whatever is in it."""
    return "`" + name.replace("`", "``") + "`"


def quoted_parts(name: str) -> str:
    """The same of a name whose parts have points between them, as catalog.schema.table."""
    return ".".join(map(quoted, name.split(".")))


def _options(table: Table) -> dict[str, str]:
    return {
        "delta.enableDeletionVectors": "false",  # training reads the files themselves: a deleted row must be gone from its file
        "mergeSchema": str(table.open_ended or table.grows).lower(),
    }
