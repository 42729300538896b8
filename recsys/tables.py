"""The tables of the lake: their contracts, and the only place that reads and writes Delta."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlparse

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.utils import AnalysisException

from recsys import columns as c
from recsys.faults import BadData, BadSettings, Infrastructure, MissingTable

log = logging.getLogger(__name__)
_CONFLICT = re.compile("DELTA_(CONCURRENT|METADATA_CHANGED|PROTOCOL_CHANGED)")  # Delta's names for a commit that came too late


@dataclass(frozen=True)
class Table:
    """The contract of a table: its columns in order with their Spark SQL types, and what a row is."""

    name: str
    grain: str
    columns: dict[str, str]
    made_by: str  # the job that writes it
    partitions: tuple[str, ...] = (c.DAY,)
    open_ended: bool = False  # further columns of type double may follow (user attributes)


EVENTS = Table("events", "one behaviour of one user on one product", {
    c.EVENT_ID: "string", c.USER: "string", c.ITEM: "string", c.BEHAVIOUR: "string", c.TIME: "timestamp",
    c.BASKET: "string", c.QUANTITY: "double", c.PRICE: "double", c.RATING: "double",
    c.SOURCE: "string", c.SOURCE_FILE: "string", c.DAY: "date",
}, "ingest_events", partitions=())
QUARANTINE = Table("events_quarantine", "one rejected input row, untouched, with every reason", {
    c.SOURCE: "string", c.SOURCE_FILE: "string", c.RAW: "string", c.REASONS: "array<string>",
}, "ingest_events", partitions=())
INGESTS = Table("ingests", "one input file: rows in = accepted + rejected + exact copies dropped + erased", {
    c.SOURCE: "string", c.SOURCE_FILE: "string", c.ROWS_IN: "bigint", c.ACCEPTED: "bigint",
    c.REJECTED: "bigint", c.COPIES: "bigint", c.ERASED: "bigint", c.FINGERPRINT: "string",
}, "ingest_events", partitions=())
PRODUCT_MENTIONS = Table("product_mentions", "one way in which a log describes a product, counted by file and day", {
    c.ITEM: "string", c.NAME: "string", c.CATEGORY: "string", c.BRAND: "string", c.ROWS: "bigint",
    c.SOURCE: "string", c.SOURCE_FILE: "string", c.DAY: "date",
}, "ingest_events", partitions=())
INCOMING = Table("events_incoming", "one input row of the last run as it was understood, before anything was committed", {
    **EVENTS.columns, c.CODE: "string", c.NAME: "string", c.CATEGORY: "string", c.BRAND: "string",
    c.RAW: "string", c.REASONS: "array<string>", c.COPY: "boolean",
}, "ingest_events", partitions=())
ERASURES = Table("erasures", "one user who was erased, by the hash of the id", {
    c.USER_HASH: "string", c.DAY: "date",
}, "erase_users", partitions=())
ERASURE_PROOFS = Table("erasure_proofs", "one table of one erasure request: rows removed, rows left, the version without them", {
    c.REQUEST: "string", c.TABLE: "string", c.ROWS: "bigint", c.ROWS_LEFT: "bigint", c.VERSION: "bigint", c.DAY: "date",
}, "erase_users", partitions=())
PRODUCTS = Table("products", "one product as known at the end of the day", {
    c.ITEM: "string", c.NAME: "string", c.PRICE: "double", c.CATEGORY: "string", c.BRAND: "string",
    c.AVAILABLE: "boolean", c.DAY: "date",
}, "ingest_products")
USER_FEATURES = Table("user_features", "one user's raw attributes, from the history of one split", {
    c.USER: "string", c.SPLIT: "string", c.DAY: "date",
}, "build_user_features", partitions=(c.DAY, c.SPLIT), open_ended=True)
CORRELATIONS = Table("correlations", "one pair of attributes and what was decided", {
    c.ATTRIBUTE_A: "string", c.ATTRIBUTE_B: "string", c.CORRELATION: "double", c.DECISION: "string",
    c.KEPT_A: "boolean", c.KEPT_B: "boolean", c.DAY: "date",
}, "correlate_attributes")
NORMALIZER = Table("normalizer", "one retained attribute with its extremes on the training period", {
    c.POSITION: "int", c.ATTRIBUTE: "string", c.TRANSFORM: "string", c.MINIMUM: "double", c.MAXIMUM: "double", c.DAY: "date",
}, "fit_normalizer")
SEGMENTS = Table("segments", "one user's segment, from the history of one split", {
    c.USER: "string", c.SEGMENT: "int", c.DISTANCE: "double", c.SPLIT: "string", c.DAY: "date",
}, "segment_users", partitions=(c.DAY, c.SPLIT))
SEGMENT_CENTROIDS = Table("segment_centroids", "one segment of the chosen k", {
    c.SEGMENT: "int", c.CENTROID: "array<double>", c.SIZE: "bigint", c.DAY: "date",
}, "segment_users")
SEGMENT_QUALITY = Table("segment_quality", "one k of the sweep, its best seed and its Davies-Bouldin index", {
    c.K: "int", c.SEED: "int", c.INERTIA: "double", c.DAVIES_BOULDIN: "double", c.STANDARD_ERROR: "double",
    c.DAVIES_BOULDIN_CENTROID: "double", c.CHOSEN: "boolean", c.DAY: "date",
}, "segment_users")
VOCABULARY = Table("vocabulary", "one product that the model knows, numbered from 1", {
    c.ITEM: "string", c.ITEM_INDEX: "int", c.EVENTS: "bigint", c.USERS: "bigint", c.DAY: "date",
}, "build_sequences")
SEQUENCES = Table("sequences", "one window of one user's history, for one split", {
    c.USER: "string", c.WINDOW: "int", c.LENGTH: "int", c.ITEMS: "array<int>", c.BEHAVIOURS: "array<int>",
    c.GAPS: "array<int>", c.DAYS: "array<int>", c.VISITS: "array<int>", c.MEMORY_ITEMS: "array<int>",
    c.MEMORY_COUNTS: "array<float>", c.MEMORY_DAYS: "array<int>", c.QUERY_DAY: "int", c.SEGMENT: "int",
    c.ATTRIBUTES: "array<float>", c.TARGETS: "array<int>", c.SPLIT: "string", c.DAY: "date",
}, "build_sequences", partitions=(c.DAY, c.SPLIT))
NEIGHBOURS = Table("neighbours", "one product and those that came near it in the histories of one split, most counted first", {
    # as many of both as sequences.neighbours, 0 where there are no more; recsys.sequences.neighbours says what counts
    c.ITEM_INDEX: "int", c.ITEMS: "array<int>", c.COUNTS: "array<float>", c.SPLIT: "string", c.DAY: "date",
}, "build_sequences", partitions=(c.DAY, c.SPLIT))
PUSHES = Table("pushes", "one pushed product of one user", {
    c.USER: "string", c.RANK: "int", c.ITEM: "string", c.SCORE: "double", c.NAME: "string", c.PRICE: "double",
    c.ORIGIN: "string", c.MODEL_VERSION: "string", c.EVENTS_VERSION: "bigint", c.DAY: "date",
}, "push_products")
EVALUATIONS = Table("evaluations", "one method, split, slice, metric and list length", {
    c.METHOD: "string", c.SPLIT: "string", c.SLICE: "string", c.METRIC: "string", c.LIST_LENGTH: "int",
    # value = numerator / denominator over users, null where nothing in the log tells of it; low to high holds 95 % of
    # the replicates of the bootstrap over users; deviation is over seeds, null for one seed
    c.VALUE: "double", c.LOW: "double", c.HIGH: "double", c.NUMERATOR: "double", c.DENOMINATOR: "double",
    c.USERS: "bigint", c.SEEDS: "int", c.DEVIATION: "double", c.DAY: "date",
}, "evaluate_models")
COMPARISONS = Table("comparisons", "one model against one other method, by split, slice, metric and list length", {
    c.METHOD: "string", c.AGAINST: "string", c.SPLIT: "string", c.SLICE: "string", c.METRIC: "string", c.LIST_LENGTH: "int",
    # the method's value less (difference) or by (ratio) the other's; ahead only where low to high excludes 0
    c.DIFFERENCE: "double", c.RATIO: "double", c.LOW: "double", c.HIGH: "double", c.USERS: "bigint", c.DAY: "date",
}, "evaluate_models")
COSTS = Table("costs", "one method and stage, on the machine that ran it", {
    c.METHOD: "string", c.STAGE: "string", c.SECONDS: "double", c.ROWS: "bigint",
    # of users asked one by one: the first alone, the others together; null for the other stages
    c.SECONDS_FIRST: "double", c.SECONDS_MEDIAN: "double", c.SECONDS_P95: "double",
    # resident memory of the driver's machine: the most that all processes held, and by how much that was more than before;
    # and the most on its GPUs, null where there are none
    c.PEAK_BYTES: "bigint", c.ADDED_BYTES: "bigint", c.GPU_PEAK_BYTES: "bigint", c.DAY: "date",
}, "evaluate_models")
# what was read or written, and its state: rows null where unknown, within the state of the whole table where the part is one of its days
_PARTS = f"array<struct<{c.PART}:string,{c.FINGERPRINT}:string,{c.ROWS}:bigint,{c.WITHIN}:string>>"
RUNS = Table("runs", "one attempt at a stage, by any job; rows are only ever added", {
    c.RUN_ID: "string", c.STAGE: "string", c.DAY: "date", c.MODEL_DAY: "date", c.STARTED: "timestamp", c.SECONDS: "double",
    # outcome is done, skipped or failed; message is that of the fault, or why it was skipped
    c.OUTCOME: "string", c.EXIT_CODE: "int", c.MESSAGE: "string",
    c.ROWS_IN: "bigint", c.ROWS_OUT: "bigint", c.REJECTED: "bigint", c.READS: _PARTS, c.WRITES: _PARTS,
    # settings are those on which the stage depends, as JSON; the hash is that of the package and of the job
    c.SETTINGS: "string", c.CODE_VERSION: "string", c.CODE_HASH: "string", c.MODEL_VERSION: "string",
}, "run_pipeline", partitions=())


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
    """

    spark: SparkSession = field(repr=False)
    root: str
    written: dict[str, int] = field(default_factory=dict, repr=False, compare=False)  # rows by table; whoever asks empties it before
    seen: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False, compare=False)  # for recsys.runs: states of days

    @property
    def _is_path(self) -> bool:
        return "/" in self.root or self.root.startswith(".")

    def location(self, table: Table) -> str:
        """The path or the three-part name of `table`; a relative path begins where the job was started."""
        if not self._is_path:
            return f"{self.root}.{table.name}"
        root = self.root if urlparse(self.root).scheme else os.path.abspath(self.root)  # Delta's SQL refuses relative paths
        return f"{root.rstrip('/')}/{table.name}"

    def _identifier(self, table: Table) -> str:
        """As SQL names the table, so that nothing in `root` can be read as SQL."""
        location = self.location(table)
        return f"delta.{quoted(location)}" if self._is_path else ".".join(map(quoted, location.split(".")))

    def exists(self, table: Table) -> bool:
        try:
            self.spark.sql(f"DESCRIBE DETAIL {self._identifier(table)}").collect()
        except AnalysisException:
            return False
        return True

    def read(self, table: Table, version: int | None = None) -> DataFrame:
        """The whole table, at `version` or as it is now.

        Raises:
            MissingTable: the table was never written.
        """
        if not self.exists(table):
            raise MissingTable(
                f"There is no table {self.location(table)} ({table.grain}). Run jobs/{table.made_by}.py first; "
                "jobs/run_pipeline.py runs every stage in order."
            )
        return self._frame(table, version)

    def _frame(self, table: Table, version: int | None = None) -> DataFrame:
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(self.location(table)) if self._is_path else reader.table(self.location(table))

    def read_day(self, table: Table, ds: date, version: int | None = None) -> DataFrame:
        """The rows of one day.

        Raises:
            MissingTable: the table, or that day of it, was never written.
        """
        day = self.read(table, version).where(F.col(c.DAY) == F.lit(ds))
        if day.isEmpty():
            raise MissingTable(f"{self.location(table)} holds nothing for {ds}. Run jobs/{table.made_by}.py --ds {ds} first.")
        return day

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
            self._refuse_other_version(table)
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

    def _refuse_other_version(self, table: Table) -> None:
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
            rows.writeTo(self.location(table)).options(**_options(table)).overwrite(F.expr(predicate))
            return
        writer = rows.write.format("delta").mode("overwrite").option("replaceWhere", predicate).options(**_options(table))
        writer = writer.partitionBy(*table.partitions)
        if self._is_path:
            writer.save(self.location(table))
            return
        if not self.spark.catalog.databaseExists(self.root):
            raise BadSettings(
                f"There is no schema {self.root}. `lake` is read as catalog.schema, since it holds no slash; create that schema, "
                f"or write ./{self.root} for a folder."
            )
        writer.saveAsTable(self.location(table))

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

    def remove(self, table: Table, keys: DataFrame, key: str) -> int:
        """Take the rows of `table` whose `key` is in `keys`, each there once, out in one commit. Returns how many there were."""
        removed = self.read(table).join(keys, on=key, how="left_semi").count()
        if removed:
            keys.createOrReplaceTempView("removed_keys")
            self.spark.sql(
                f"MERGE INTO {self._identifier(table)} AS old USING removed_keys AS gone ON old.{key} = gone.{key} WHEN MATCHED THEN DELETE"
            )
            log.info("%s: %s rows removed", table.name, f"{removed:,}")
        return removed

    def vacuum(self, table: Table) -> None:
        """Delete the files that no version within Delta's retention needs; older versions cannot be read after it."""
        self.spark.sql(f"VACUUM {self._identifier(table)}")

    def append(self, rows: DataFrame, table: Table) -> None:
        """Add `rows` to `table`. Appends never conflict, so runs at one time all get theirs in."""
        writer = in_contract(rows, table).write.format("delta").mode("append").options(**_options(table))
        if self._is_path:
            writer.save(self.location(table))
        else:
            writer.saveAsTable(self.location(table))

    def state(self, table: Table) -> str | None:
        """What changes with every commit of `table`, told from metadata alone; None where it was never written."""
        try:
            detail = self.spark.sql(f"DESCRIBE DETAIL {self._identifier(table)}").first()
        except AnalysisException:
            return None
        return repr([str(detail[name]) for name in ("id", "lastModified", "numFiles", "sizeInBytes")])

    def files_of_day(self, table: Table, ds: date) -> list[str]:
        """The live files of one day of a partitioned `table`, none if there is no such day; no file is opened.

        A day that is written anew has other files, also for the same rows; it keeps them while other days are written.
        """
        return sorted(self._frame(table).where(F.col(c.DAY) == F.lit(ds)).inputFiles())

    def borrow(self, table: Table, owner: Lake) -> None:
        """Take over `table` of `owner` as it is now, without copying its files; `owner` must keep them."""
        if self.exists(table):
            self.spark.sql(f"DELETE FROM {self._identifier(table)}")  # Delta clones over nothing but an empty table
        self.spark.sql(f"CREATE OR REPLACE TABLE {self._identifier(table)} SHALLOW CLONE {owner._identifier(table)}")

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


def _options(table: Table) -> dict[str, str]:
    return {
        "delta.enableDeletionVectors": "false",  # training reads the files themselves: a deleted row must be gone from its file
        "mergeSchema": str(table.open_ended).lower(),
    }


def in_contract(rows: DataFrame, table: Table) -> DataFrame:
    """`rows` with the columns of `table` in contract order.

    Raises:
        BadData: a column is missing, unknown, or of another type.
    """
    found = dict(rows.dtypes)
    extra = sorted(set(found) - set(table.columns))
    if table.open_ended:
        extra = [name for name in extra if found[name] != "double"]
    missing = [name for name in table.columns if name not in found]
    wrong = [f"{name} is {found[name]}, not {kind}" for name, kind in table.columns.items() if found.get(name, kind) != kind]
    if missing or extra or wrong:
        raise BadData(f"Rows for table {table.name} break its contract: missing {missing}, unknown {extra}, wrong type {wrong}.")
    rest = [name for name in rows.columns if name not in table.columns]
    return rows.select(*table.columns, *rest)
