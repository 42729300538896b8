"""The tables of the lake: their contracts."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame

from recsys import columns as c
from recsys.faults import BadData


@dataclass(frozen=True)
class Table:
    """The contract of a table: its columns in order with their Spark SQL types, and what a row is."""

    name: str
    grain: str
    columns: dict[str, str]
    made_by: str  # the job that writes it
    partitions: tuple[str, ...] = (c.DAY,)
    open_ended: bool = False  # further columns of type double may follow (user attributes)
    grows: bool = False  # gains the columns that it lacks where an older version wrote it, null in the rows of then


EVENTS = Table("events", "one behaviour of one user on one product", {
    c.EVENT_ID: "string", c.USER: "string", c.ITEM: "string", c.BEHAVIOUR: "string", c.TIME: "timestamp",
    c.BASKET: "string", c.QUANTITY: "double", c.PRICE: "double", c.RATING: "double",
    c.SOURCE: "string", c.SOURCE_FILE: "string", c.DAY: "date",
}, "ingest_events", partitions=())
QUARANTINE = Table("events_quarantine", "one rejected input row, untouched, with every reason", {
    # user_hash is that of the user whom the mapping reads in the row, null where it reads none: erasure goes by it
    c.SOURCE: "string", c.SOURCE_FILE: "string", c.RAW: "string", c.REASONS: "array<string>", c.USER_HASH: "string",
}, "ingest_events", partitions=())
INGESTS = Table("ingests", "one input file: rows in = accepted + rejected + exact copies dropped + erased", {
    c.SOURCE: "string", c.SOURCE_FILE: "string", c.ROWS_IN: "bigint", c.ACCEPTED: "bigint",
    c.REJECTED: "bigint", c.COPIES: "bigint", c.ERASED: "bigint",
    c.FINGERPRINT: "string",  # null from before its rows are touched until all of them are in
    c.CONTENT: "bigint",  # a hash of all that the tables hold of it, null where an older version wrote none
}, "ingest_events", partitions=(), grows=True)
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
    # the version is null from before a removal until it is proven: the rows left are then those that were found
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
NEWCOMERS = Table("newcomers", "one product that came up after the model had learned, numbered on from its vocabulary", {
    c.ITEM: "string", c.ITEM_INDEX: "int", c.EVENTS: "bigint", c.USERS: "bigint", c.MODEL_DAY: "date", c.DAY: "date",  # model_ds as in sequences
}, "build_sequences")
SEQUENCES = Table("sequences", "one window of one user's history, for one split", {
    # model_ds is the day of the vocabulary that numbers the products
    c.USER: "string", c.WINDOW: "int", c.LENGTH: "int", c.ITEMS: "array<int>", c.BEHAVIOURS: "array<int>",
    c.GAPS: "array<int>", c.DAYS: "array<int>", c.VISITS: "array<int>", c.MEMORY_ITEMS: "array<int>",
    c.MEMORY_COUNTS: "array<float>", c.MEMORY_DAYS: "array<int>", c.QUERY_DAY: "int", c.SEGMENT: "int",
    c.ATTRIBUTES: "array<float>", c.TARGETS: "array<int>", c.MODEL_DAY: "date", c.SPLIT: "string", c.DAY: "date",
}, "build_sequences", partitions=(c.DAY, c.SPLIT))
NEIGHBOURS = Table("neighbours", "one product and those that came near it in the histories of one split, most counted first", {
    # as many of both as sequences.neighbours, 0 where there are no more; recsys.sequences.neighbours says what counts; model_ds as in sequences
    c.ITEM_INDEX: "int", c.ITEMS: "array<int>", c.COUNTS: "array<float>", c.MODEL_DAY: "date", c.SPLIT: "string", c.DAY: "date",
}, "build_sequences", partitions=(c.DAY, c.SPLIT))
LIKENESSES = Table("likenesses", "one product and those that the same users have in the histories of one split, most alike first", {
    # as many of both as sequences.likenesses, 0 where there are no more; recsys.sequences.likeness says what alike is; model_ds as in sequences
    c.ITEM_INDEX: "int", c.ITEMS: "array<int>", c.COUNTS: "array<float>", c.MODEL_DAY: "date", c.SPLIT: "string", c.DAY: "date",
}, "build_sequences", partitions=(c.DAY, c.SPLIT))
TRENDS = Table("trends", "one product and how many users chose it in the last days of the histories of one split", {
    c.ITEM_INDEX: "int", c.USERS: "bigint", c.MODEL_DAY: "date", c.SPLIT: "string", c.DAY: "date",  # model_ds as in sequences
}, "build_sequences", partitions=(c.DAY, c.SPLIT))
COUNTED = (NEIGHBOURS, LIKENESSES, TRENDS)  # what is counted of products, by day and split, numbered as in sequences
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
