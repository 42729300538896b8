"""Take a source's files into the lake, so that the tables depend on the set of files and not on the order they came in.

The account of a file in `ingests` is opened, without a fingerprint, before its rows are touched, and closed after all of
them are in. A run that was killed in between leaves open accounts. The next run takes those files in again, and tells all
purchases from repurchases anew: which ones the other had amended, for rows that no file may say any more, nobody knows.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from recsys import __version__
from recsys import columns as c
from recsys.events.account import Account, accounts, check, rows_by_file
from recsys.events.copies import tell_other_columns
from recsys.events.erased import ERASED, erased_users, hashed, hide
from recsys.events.files import Unit, find_units
from recsys.events.held import HELD_IN, Held, held_by_file
from recsys.events.identity import with_identity
from recsys.events.mapping import to_canonical
from recsys.events.reading import broken_input, by_columns, layout_of, read_group
from recsys.events.repurchases import with_repurchases
from recsys.events.rules import broken_rules
from recsys.events.source import Source
from recsys.faults import BadSettings, Infrastructure
from recsys.lake import Lake
from recsys.tables import ERASURES, EVENTS, INCOMING, INGESTS, PRODUCT_MENTIONS, QUARANTINE
from recsys.users.aggregate import in_memory

log = logging.getLogger(__name__)
_UNDERSTANDING = 8  # one more whenever equal files and an equal mapping give other rows than before; every file is then taken in anew
_WAS = "was"
_OTHER_FILE = "other_file"


def log_units(spark: SparkSession, source: Source) -> list[Unit]:
    """The files of the log; one that was changed, or is understood otherwise, has another fingerprint."""
    stamp = hashlib.md5(f"{__version__} {_UNDERSTANDING} {source}".encode()).hexdigest()
    return find_units(spark, source.files, stamp)


def take_in(lake: Lake, source: Source, beside: Sequence[str] = (), anew: bool = False) -> list[Account]:
    """Bring `events`, `events_quarantine`, `product_mentions` and `ingests` up to date with the files of `source`.

    Args:
        beside: other sources whose events the lake may hold, since they are of the same users and products.
        anew: whether files are taken in again that are in already.

    Returns:
        The accounts of the files that were taken in now.

    Raises:
        BadData: a file is broken, or more of it is rejected than the source accepts; no table was changed.
        BadSettings: the lake holds events of a source that is not named.
        Infrastructure: users were erased meanwhile, or another run took files in; the next run takes these in anew.
    """
    _refuse_others(lake, {source.name, *beside})
    units = log_units(lake.spark, source)
    recorded, opened = _recorded(lake, source)
    held = _held(lake, source)
    whole = _still_whole(recorded, held)
    _tell_losses(source, set(recorded), set(whole), {unit.name for unit in units})
    known = {} if anew else whole
    pending = {unit.name for unit in units if known.get(unit.name, {}).get(c.FINGERPRINT) != unit.fingerprint}
    if source.duplicates == "drop" and pending & {*recorded, *(held or ())}:
        # What a corrected file no longer says may still stand in a file whose copy of it was dropped; it may have rows and no account.
        pending |= {unit.name for unit in units if recorded.get(unit.name, {}).get(c.COPIES)}
    if not pending:
        log.info("%s: nothing new in %d files", source.name, len(units))
        return []
    while True:
        chosen, erased = [unit for unit in units if unit.name in pending], lake.state(ERASURES)
        books, staged = _stage(lake, source, chosen, [unit for unit in units if unit.name not in pending])
        shared = _shared_with_other_files(lake, source, staged, pending)
        outranked = {other for other, new in shared if other > new} & {unit.name for unit in units}
        if not outranked:
            break
        pending |= outranked  # the copy in the file of the smallest name stays, so these are divided anew
    books = [account.give_up(sum(count for (_, file), count in shared.items() if file == account.source_file)) for account in books]
    names = [unit.name for unit in chosen]
    _commit(lake, source, staged, names, shared=bool(shared), disturbed=bool(opened))
    if lake.state(ERASURES) != erased:
        raise Infrastructure(
            f"Users were erased while files of {source.name} were taken in, and these may have brought them back. Run this again: it takes the same "
            "files in anew, without them."
        )
    lake.replace_where(_closed(lake, source, books, chosen), INGESTS, _of_files(source, sorted({*names, *opened})), of=f"of {source.name}")
    for account in books[:20]:
        log.info("%s %s", source.name, account)
    return books


def _refuse_others(lake: Lake, expected: set[str]) -> None:
    found = {row[0] for row in lake.read(INGESTS).select(c.SOURCE).distinct().collect()} if lake.exists(INGESTS) else set()
    if others := sorted(found - expected):
        raise BadSettings(
            f"The lake {lake.root} holds events of {', '.join(others)}, and would now get those of {', '.join(sorted(expected - found) or sorted(expected))}: "
            "the users and products of both would be taken for one shop's. Give each shop its own lake, models and report_path in its settings; if they are "
            f"one shop's logs, with the same ids, say so: beside_sources: [{', '.join(others)}]. Nothing was written."
        )


def _tell_losses(source: Source, recorded: set[str], whole: set[str], there: set[str]) -> None:
    """Warn of files that are gone, and of those whose rows the tables no longer hold."""
    losses = (
        ("no longer there", "events stay", whole - there),
        ("no longer whole in the lake", "rows are taken in anew", (recorded - whole) & there),
        ("neither there nor whole in the lake", "rows come back only with another delivery", recorded - whole - there),
    )
    for state, fate, names in losses:
        if names:
            shown = ", ".join(sorted(names)[:3])
            said = f"{len(names):,} files are {state}, {shown} among them; their" if len(names) > 1 else f"1 file is {state}, {shown}; its"
            log.warning("%s: %s %s", source.name, said, fate)


def _held(lake: Lake, source: Source) -> dict[str, Held] | None:
    """What the tables hold of each file that they hold something of; None where one of them was removed, or never written."""
    if not all(map(lake.exists, HELD_IN)):
        return None
    found = held_by_file(*(lake.read(table).where(_of_source(source)) for table in HELD_IN))
    return {file: held for (_, file), held in found.items()}


def _still_whole(recorded: dict[str, dict], held: dict[str, Held] | None) -> dict[str, dict]:
    """Those of the accounts `recorded` that tell what is held: a table may have been restored, cut or removed since."""
    if held is None:
        return {}
    return {name: account for name, account in recorded.items() if held.get(name, Held()).told_by(account)}


def _recorded(lake: Lake, source: Source) -> tuple[dict[str, dict], set[str]]:
    """The accounts of the files that are completely in, and the names of those that a run left open."""
    if not lake.exists(INGESTS):
        return {}, set()
    accounts = {row[c.SOURCE_FILE]: row.asDict() for row in lake.read(INGESTS).where(F.col(c.SOURCE) == source.name).collect()}
    opened = {name for name, account in accounts.items() if account[c.FINGERPRINT] is None}
    return {name: account for name, account in accounts.items() if name not in opened}, opened


def _stage(lake: Lake, source: Source, units: list[Unit], earlier: list[Unit]) -> tuple[list[Account], DataFrame]:
    """Read, map and judge every row once, into `events_incoming`; refuse what is not fit. Returns the accounts and the staged rows.

    These are those of one version of the table, whatever another run makes of it meanwhile.
    """
    groups = by_columns(lake.spark, source.files, units)
    if source.duplicates == "drop":
        tell_other_columns(source, [*((layout_of(lake.spark, source.files, unit), [unit]) for unit in earlier[-1:]), *groups.items()])
    raw = [read_group(lake.spark, source.files, layout, members) for layout, members in groups.items()]
    names = [unit.name for unit in units]
    judged = reduce(DataFrame.unionByName, [understand(rows, source) for rows in raw])
    incoming = with_identity(hide(judged, erased_users(lake)), source)
    with broken_input(", ".join(names[:5])):
        rows_in = rows_by_file(raw)
        lake.replace_where(incoming.select(*INCOMING.columns), INCOMING, _of_source(source), of=source.name)
    staged = lake.read(INCOMING, lake.version(INCOMING)).where(_of_source(source))
    books = accounts(staged, rows_in)
    check(books, names, staged, source)
    return books, staged


def understand(raw: DataFrame, source: Source) -> DataFrame:
    """The rows of `raw` in our columns, with every reason against each."""
    return to_canonical(raw, source).withColumn(c.REASONS, broken_rules(source))


def _shared_with_other_files(lake: Lake, source: Source, staged: DataFrame, pending: set[str]) -> dict[tuple[str, str], int]:
    """How many good rows of each staged file are events of another file already, by (other file, staged file)."""
    if source.duplicates == "keep" or not lake.exists(EVENTS):
        return {}
    good = _good(staged).select(c.EVENT_ID, c.SOURCE_FILE)
    others = _events_of_other_files(lake, source, pending).select(c.EVENT_ID, F.col(c.SOURCE_FILE).alias(_OTHER_FILE))
    shared = others.join(good, on=c.EVENT_ID, how="inner").groupBy(_OTHER_FILE, c.SOURCE_FILE).count()
    return {(row[_OTHER_FILE], row[c.SOURCE_FILE]): row["count"] for row in shared.collect()}


def _commit(lake: Lake, source: Source, staged: DataFrame, names: list[str], shared: bool, disturbed: bool) -> None:
    """Open the accounts of the files `names` and write all their rows; `disturbed` says that a run before this one was killed at that."""
    of_files, what = _of_files(source, names), f"of {source.name}"
    fresh = _good(staged)
    if shared:
        fresh = fresh.join(_events_of_other_files(lake, source, set(names)).select(c.EVENT_ID), on=c.EVENT_ID, how="left_anti")
    opened = accounts_of(lake.spark, [(source.name, name, 0, 0, 0, 0, 0, None, None) for name in names])
    lake.replace_where(opened, INGESTS, of_files, of=f"{what}: accounts opened")
    _write_events(lake, fresh.select(*EVENTS.columns), of_files, what, disturbed)
    rejected = staged.where((F.size(c.REASONS) > 0) & ~F.array_contains(c.REASONS, ERASED)).withColumn(c.USER_HASH, hashed(F.col(c.USER)))
    lake.replace_where(rejected.select(*QUARANTINE.columns), QUARANTINE, of_files, of=what)
    lake.replace_where(mentions(fresh), PRODUCT_MENTIONS, of_files, of=what)


def _write_events(lake: Lake, fresh: DataFrame, of_files: str, what: str, disturbed: bool) -> None:
    """Replace the events of the files by `fresh`, with repurchases told apart in the light of all other files; events of those that change are amended first.

    Only what shares user and product with a row that comes or goes is looked at, or, after a `disturbed` run, everything.
    """
    if not lake.exists(EVENTS):
        lake.replace_where(with_repurchases(fresh), EVENTS, of_files, of=what)
        return
    events = lake.read(EVENTS)
    bought = events.where(F.col(c.BEHAVIOUR).isin(*c.BOUGHT))
    history = bought.where(f"NOT ({of_files})")
    if not disturbed:
        replaced = bought.where(of_files).select(c.USER, c.ITEM)
        touched = fresh.where(F.col(c.BEHAVIOUR) == c.PURCHASE).select(c.USER, c.ITEM).unionByName(replaced).distinct()
        history = history.join(touched, on=[c.USER, c.ITEM], how="left_semi")
    together = with_repurchases(
        fresh.withColumn(_WAS, F.lit(None).cast("string")).unionByName(history.withColumn(_WAS, F.col(c.BEHAVIOUR)))
    )
    with in_memory(together) as told_apart:  # looked at, amended from, then written
        changed = told_apart.where(F.col(_WAS) != F.col(c.BEHAVIOUR)).select(c.EVENT_ID, c.BEHAVIOUR)
        if not changed.isEmpty():
            lake.amend(changed, EVENTS, c.EVENT_ID, of="repurchases")
        lake.replace_where(told_apart.where(F.col(_WAS).isNull()).drop(_WAS), EVENTS, of_files, of=what)


def mentions(events: DataFrame) -> DataFrame:
    """How often the log words a product's name, category and brand in each way, by file and day."""
    described = F.coalesce(c.NAME, c.CATEGORY, c.BRAND).isNotNull()
    keys = [name for name in PRODUCT_MENTIONS.columns if name != c.ROWS]
    counted = events.where(described).groupBy(*keys).agg(F.count(F.lit(1)).alias(c.ROWS))
    return counted.select(*PRODUCT_MENTIONS.columns)


def _closed(lake: Lake, source: Source, books: list[Account], units: list[Unit]) -> DataFrame:
    """The accounts of `units`, whose rows are all in."""
    fingerprints = {unit.name: unit.fingerprint for unit in units}
    held = held_by_file(*(lake.read(table).where(_of_files(source, list(fingerprints))) for table in HELD_IN))
    rows = [
        (source.name, book.source_file, book.rows_in, book.accepted, book.rejected, book.copies, book.erased, fingerprints[book.source_file],
         held.get((source.name, book.source_file), Held()).content)
        for book in books
    ]
    return accounts_of(lake.spark, rows)


def accounts_of(spark: SparkSession, rows: Sequence[tuple]) -> DataFrame:
    """Rows of `ingests` that were worked out on the driver."""
    return spark.createDataFrame(rows, ", ".join(f"{name} {kind}" for name, kind in INGESTS.columns.items()))


def _good(staged: DataFrame) -> DataFrame:
    return staged.where((F.size(c.REASONS) == 0) & ~F.col(c.COPY))


def _events_of_other_files(lake: Lake, source: Source, names: set[str]) -> DataFrame:
    return lake.read(EVENTS).where(_of_source(source)).where(~F.col(c.SOURCE_FILE).isin(*names))


def _of_source(source: Source) -> str:
    return f"{c.SOURCE} = {_quoted(source.name)}"


def _of_files(source: Source, names: list[str]) -> str:
    return f"{_of_source(source)} AND {c.SOURCE_FILE} IN ({', '.join(_quoted(name) for name in names)})"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
