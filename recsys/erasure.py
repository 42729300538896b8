"""Take users out of every table, and prove it.

The hash of each id is noted first, then table by table the rows go in one commit each. Whatever moment a run is
killed at, the next one finds what is left and ends with the same tables and the same proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.events.erased import erased_users, hashed, without_erased
from recsys.events.files import resolve
from recsys.events.source import Source
from recsys.faults import BadData, BadSettings, Infrastructure
from recsys.lake import Lake
from recsys.tables import Table

USER_TABLES = tuple(table for table in vars(t).values() if isinstance(table, Table) and c.USER in table.columns and table is not t.INCOMING)


def read_users(lake: Lake, path: str) -> DataFrame:
    """The ids in the file at `path`, one a line, as `user_id`.

    Raises:
        BadSettings: there is no such file.
        BadData: it holds no id.
    """
    try:
        lines = lake.spark.read.text(resolve(path))
    except AnalysisException:
        raise BadSettings(f"There is no file {path}. Give --users a text file with one user id a line, as in the table events; nothing was erased.") from None
    users = lines.select(F.trim(F.regexp_replace("value", "\r$", "")).alias(c.USER)).where(F.col(c.USER) != "").distinct()
    if users.isEmpty():
        raise BadData(f"{path} holds no user id; write one a line, as in the table events. Nothing was erased.")
    return users


def erase(lake: Lake, source: Source, users: DataFrame, ds: date) -> list[tuple[str, int, int, int]]:
    """Take `users` out of every table and out of the quarantine of `source`; return the proof, one tuple a table.

    Raises:
        Infrastructure: rows of these users are left, as where an intake ran at the same time.
    """
    request = users.agg(F.hex(F.bit_xor(F.xxhash64(c.USER)))).first()[0]
    _note(lake, users, ds)
    proof = [_proven(lake, request, table, ds, *found) for table, *found in _removals(lake, source, users)]
    settle(lake)
    left = [name for name, _, rows_left, _ in proof if rows_left]
    if left:
        raise Infrastructure(f"Rows of the erased users are left in {', '.join(left)}: something wrote there meanwhile. Run the erasure again.")
    return proof


def foretold(lake: Lake, source: Source, users: DataFrame) -> Iterator[tuple[str, int]]:
    """The rows that `erase` would take out of each table; nothing is written."""
    for table in filter(lake.exists, USER_TABLES):
        yield table.name, lake.read(table).join(users, on=c.USER, how="left_semi").count()
    if lake.exists(t.QUARANTINE):
        yield t.QUARANTINE.name, _rows_of(_hashes(users), lake.read(t.QUARANTINE).where(F.col(c.SOURCE) == source.name), source)
    if lake.exists(t.INCOMING):
        yield t.INCOMING.name, lake.read(t.INCOMING).count()


def settle(lake: Lake) -> None:
    """Make the account of every file say what the tables hold: what is no longer in either is `erased`."""
    if not lake.exists(t.INGESTS):
        return
    file = [c.SOURCE, c.SOURCE_FILE]
    held = lake.read(t.INGESTS).drop(c.ACCEPTED, c.REJECTED, c.ERASED)
    for table, name in ((t.EVENTS, c.ACCEPTED), (t.QUARANTINE, c.REJECTED)):
        held = held.join(lake.read(table).groupBy(*file).agg(F.count(F.lit(1)).alias(name)), on=file, how="left").fillna(0, [name])
    erased = F.col(c.ROWS_IN) - F.col(c.ACCEPTED) - F.col(c.REJECTED) - F.col(c.COPIES)
    lake.replace_where(held.withColumn(c.ERASED, erased), t.INGESTS, f"{c.SOURCE} IS NOT NULL", of="settled")


def _note(lake: Lake, users: DataFrame, ds: date) -> None:
    """Write the hashes of `users` to `erasures`, each with the day of its first erasure."""
    hashes = _hashes(users)
    known = erased_users(lake)
    new = hashes if known is None else hashes.join(known, on=c.USER_HASH, how="left_anti")
    if known is None or not new.isEmpty():
        earlier = new.limit(0).withColumn(c.DAY, F.lit(ds)) if known is None else lake.read(t.ERASURES)
        lake.replace_where(earlier.unionByName(new.withColumn(c.DAY, F.lit(ds))), t.ERASURES, f"{c.USER_HASH} IS NOT NULL", of=str(ds))


def _removals(lake: Lake, source: Source, users: DataFrame) -> Iterator[tuple[Table, int, int]]:
    """Remove from one table after the other; how many rows went, and how many of these users are left."""
    for table in filter(lake.exists, USER_TABLES):
        removed = lake.remove(table, users, c.USER)
        yield table, removed, lake.read(table).join(users, on=c.USER, how="left_semi").count()
    if lake.exists(t.QUARANTINE):
        yield t.QUARANTINE, *_out_of_quarantine(lake, source)
    if lake.exists(t.INCOMING):  # whole: it only shows how the last files were understood
        removed = lake.read(t.INCOMING).count()
        if removed:
            lake.replace_where(lake.read(t.INCOMING).limit(0), t.INCOMING, f"{c.SOURCE} IS NOT NULL", of="emptied")
        yield t.INCOMING, removed, lake.read(t.INCOMING).count()


def _out_of_quarantine(lake: Lake, source: Source) -> tuple[int, int]:
    erased, of_source = erased_users(lake), F.col(c.SOURCE) == source.name
    before = lake.read(t.QUARANTINE).where(of_source)
    held, kept = before.count(), without_erased(before, erased, source)
    removed = held - kept.count()
    if removed:
        lake.replace_where(kept, t.QUARANTINE, f"{c.SOURCE} = '{source.name}'", of=source.name)
    after = lake.read(t.QUARANTINE).where(of_source)
    return removed, _rows_of(erased, after, source)


def _rows_of(erased: DataFrame, quarantine: DataFrame, source: Source) -> int:
    """How many rows of `source` in `quarantine` are those of the erased users."""
    return quarantine.count() - without_erased(quarantine, erased, source).count()


def _hashes(users: DataFrame) -> DataFrame:
    return users.select(hashed(F.col(c.USER)).alias(c.USER_HASH))


def _proven(lake: Lake, request: str, table: Table, ds: date, removed: int, left: int) -> tuple[str, int, int, int]:
    """Write the row of the proof for one table, and return it; rows that an earlier run of this request removed count too."""
    of_row = f"{c.REQUEST} = '{request}' AND {c.TABLE} = '{table.name}'"
    earlier = lake.read(t.ERASURE_PROOFS).where(of_row).first() if lake.exists(t.ERASURE_PROOFS) else None
    if earlier and not removed and earlier[c.ROWS_LEFT] == left:
        return table.name, earlier[c.ROWS], left, earlier[c.VERSION]
    row = (table.name, removed + (earlier[c.ROWS] if earlier else 0), left, lake.version(table))
    lake.replace_where(lake.frame([(request, *row)], t.ERASURE_PROOFS, ds), t.ERASURE_PROOFS, of_row, of=table.name)
    return row
