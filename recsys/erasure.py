"""Take users out of every table, and prove it.

The hash of each id is noted first, then the accounts of the files say what will be left, then table by table the rows are
counted into the proof and go in one commit. Whatever moment a run is killed at, the next one finds what is left and
ends with the same tables and the same proof.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.events.erased import erased_users, hashed, hashes_in, of_erased, without_erased
from recsys.events.files import resolve
from recsys.events.held import HELD_IN, Held, held_by_file
from recsys.events.intake import accounts_of
from recsys.faults import BadData, BadSettings, Infrastructure
from recsys.lake import Lake
from recsys.tables import Table

USER_TABLES = tuple(table for table in vars(t).values() if isinstance(table, Table) and c.USER in table.columns and table is not t.INCOMING)

log = logging.getLogger(__name__)
_MOST_LINES = 20  # of the list that are told
_ALL = f"{c.SOURCE} IS NOT NULL"


@dataclass(frozen=True)
class Removal:
    """A table with the rows that have to go."""

    table: Table
    count: Callable[[], int]  # of these rows, as the table is now
    remove: Callable[[], object]


def read_users(lake: Lake, path: str) -> DataFrame:
    """The ids in the file at `path`, one a line, as `user_id`, each once with the first `line` that it stands in.

    Raises:
        BadSettings: there is no such file.
        BadData: it holds no id.
    """
    try:
        text = lake.spark.read.text(resolve(path), wholetext=True)
    except AnalysisException:
        raise BadSettings(f"There is no file {path}. Give --users a text file with one user id a line, as in the table events; nothing was erased.") from None
    lines = text.select(F.posexplode(F.split(F.regexp_replace("value", "^\ufeff", ""), "\r\n|\r|\n")).alias(c.LINE, c.USER))
    ids = lines.select(F.trim(c.USER).alias(c.USER), (F.col(c.LINE) + 1).alias(c.LINE)).where(F.col(c.USER) != "")
    users = ids.groupBy(c.USER).agg(F.min(c.LINE).alias(c.LINE))
    if users.isEmpty():
        raise BadData(f"{path} holds no user id; write one a line, as in the table events. Nothing was erased.")
    return users


def tell_unknown(lake: Lake, users: DataFrame) -> None:
    """Warn of ids that stand in no table and were not erased before, by the lines of the list: the log is no place for the ids themselves."""
    lines = sorted(row[c.LINE] for row in _unknown(lake, users).select(c.LINE).collect())
    if lines:
        shown = ", ".join(map(str, lines[:_MOST_LINES])) + (f" and {len(lines) - _MOST_LINES:,} more" if len(lines) > _MOST_LINES else "")
        log.warning(
            "%s of %s ids stand in no table (lines %s of the list), so nothing is removed for them, and the proof proves nothing of them. Write each as user_id "
            "of the table events, as the mapping reads it, and run this again with those that were meant otherwise.",
            f"{len(lines):,}", f"{users.count():,}", shown,
        )


def _unknown(lake: Lake, users: DataFrame) -> DataFrame:
    for table in filter(lake.exists, (*USER_TABLES, t.INCOMING)):
        users = users.join(lake.read(table).select(c.USER), on=c.USER, how="left_anti")
    users = users.withColumn(c.USER_HASH, hashed(F.col(c.USER)))
    if lake.exists(t.QUARANTINE):
        lake.refuse_other_version(t.QUARANTINE)
        users = users.join(hashes_in(lake.read(t.QUARANTINE)), on=c.USER_HASH, how="left_anti")
    known = erased_users(lake)
    return users if known is None else users.join(known, on=c.USER_HASH, how="left_anti")


def erase(lake: Lake, users: DataFrame, ds: date) -> list[tuple[str, int, int, int]]:
    """Take `users` out of every table and out of the quarantine; return the proof, one tuple a table.

    Raises:
        BadData: the quarantine is of another version; nothing was erased.
        Infrastructure: rows of these users are left, as where an intake ran at the same time.
    """
    request = users.agg(F.hex(F.bit_xor(F.xxhash64(c.USER)))).first()[0]
    removals = list(_removals(lake, users))
    _note(lake, users, ds)
    settle(lake)
    proof = [_proven(lake, request, removal, ds) for removal in removals]
    left = [name for name, _, rows_left, _ in proof if rows_left]
    if left:
        raise Infrastructure(f"Rows of the erased users are left in {', '.join(left)}: something wrote there meanwhile. Run the erasure again.")
    return proof


def foretold(lake: Lake, users: DataFrame) -> Iterator[tuple[str, int]]:
    """The rows that `erase` would take out of each table; nothing is written."""
    for removal in _removals(lake, users):
        yield removal.table.name, removal.count()


def settle(lake: Lake) -> None:
    """Make the account of every file say what the tables hold of it without the users in `erasures`: what is in neither is `erased`.

    An account that told neither this nor what they hold now is taken away: rows of its file were lost in another way, and the next intake takes it
    in anew.
    """
    if not all(map(lake.exists, (t.INGESTS, *HELD_IN))):
        return  # an intake takes everything in anew
    events, quarantine, mentions = map(lake.read, HELD_IN)
    erased = erased_users(lake)
    others = events.join(erased, on=hashed(F.col(c.USER)) == erased[c.USER_HASH], how="left_anti")
    now, left = held_by_file(events, quarantine, mentions), held_by_file(others, without_erased(quarantine, erased), mentions)
    accounts = [row.asDict() for row in lake.read(t.INGESTS).collect()]
    closed = [account for account in accounts if account[c.FINGERPRINT] is not None]
    true = [account for account in closed if any(held.get(_file(account), Held()).told_by(account) for held in (now, left))]
    rows = [_settled(account, left.get(_file(account), Held())) for account in true]
    rows += [tuple(account.get(name) for name in t.INGESTS.columns) for account in accounts if account not in closed]
    lake.replace_where(accounts_of(lake.spark, rows), t.INGESTS, _ALL, of="settled")
    if len(true) < len(closed):
        lost = len(closed) - len(true)
        log.warning("Before any user was erased, the tables did not hold what the accounts of %d files tell: the next intake takes these in anew", lost)


def _file(account: dict) -> tuple[str, str]:
    return account[c.SOURCE], account[c.SOURCE_FILE]


def _settled(account: dict, held: Held) -> tuple:
    erased = account[c.ROWS_IN] - held.accepted - held.rejected - account[c.COPIES]
    settled = account | {c.ACCEPTED: held.accepted, c.REJECTED: held.rejected, c.ERASED: erased, c.CONTENT: held.content}
    return tuple(settled[name] for name in t.INGESTS.columns)


def _note(lake: Lake, users: DataFrame, ds: date) -> None:
    """Write the hashes of `users` to `erasures`, each with the day of its first erasure."""
    hashes = _hashes(users)
    known = erased_users(lake)
    new = hashes if known is None else hashes.join(known, on=c.USER_HASH, how="left_anti")
    if known is None or not new.isEmpty():
        earlier = new.limit(0).withColumn(c.DAY, F.lit(ds)) if known is None else lake.read(t.ERASURES)
        lake.replace_where(earlier.unionByName(new.withColumn(c.DAY, F.lit(ds))), t.ERASURES, f"{c.USER_HASH} IS NOT NULL", of=str(ds))


def _removals(lake: Lake, users: DataFrame) -> Iterator[Removal]:
    for table in filter(lake.exists, USER_TABLES):
        yield Removal(table, partial(_count_of, lake, table, users), partial(lake.remove, table, users, c.USER))
    if lake.exists(t.QUARANTINE):
        lake.refuse_other_version(t.QUARANTINE)
        hashes = _hashes(users)
        yield Removal(
            t.QUARANTINE, lambda: of_erased(lake.read(t.QUARANTINE), hashes).count(),
            lambda: lake.replace_where(without_erased(lake.read(t.QUARANTINE), hashes), t.QUARANTINE, _ALL, of="without the erased"),
        )
    if lake.exists(t.INCOMING):  # whole: it only shows how the last files were understood
        empty = lake.read(t.INCOMING).limit(0)
        yield Removal(
            t.INCOMING, lambda: lake.read(t.INCOMING).count(),
            lambda: lake.replace_where(empty, t.INCOMING, _ALL, of="emptied"),
        )


def _count_of(lake: Lake, table: Table, users: DataFrame) -> int:
    return lake.read(table).join(users, on=c.USER, how="left_semi").count()


def _hashes(users: DataFrame) -> DataFrame:
    return users.select(hashed(F.col(c.USER)).alias(c.USER_HASH))


def _proven(lake: Lake, request: str, removal: Removal, ds: date) -> tuple[str, int, int, int]:
    """Remove the rows of one table, and write and return the row of its proof; what earlier runs of this request removed counts too.

    What was found is written before it goes, so that a run that is killed in between does not take its number along.
    """
    name, of_row = removal.table.name, f"{c.REQUEST} = '{request}' AND {c.TABLE} = '{removal.table.name}'"
    earlier = lake.read(t.ERASURE_PROOFS).where(of_row).first() if lake.exists(t.ERASURE_PROOFS) else None
    found = removal.count()
    if earlier and (found, earlier[c.ROWS_LEFT]) == (0, 0):
        return name, earlier[c.ROWS], 0, earlier[c.VERSION]
    removed = _removed_before(earlier, found)

    def write(*row: object) -> None:
        lake.replace_where(lake.frame([(request, name, *row)], t.ERASURE_PROOFS, ds), t.ERASURE_PROOFS, of_row, of=name)

    if found:
        write(removed, found, None)
        removal.remove()
    proof = removed + found, removal.count() if found else 0, lake.version(removal.table)
    write(*proof)
    return name, *proof


def _removed_before(earlier: Row | None, found: int) -> int:
    """The rows that earlier runs of a request removed; without a version, a run was killed after it had found `rows_left`."""
    if earlier is None:
        return 0
    unfinished = earlier[c.VERSION] is None
    return earlier[c.ROWS] + (max(earlier[c.ROWS_LEFT] - found, 0) if unfinished else 0)
