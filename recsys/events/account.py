"""The account of every file: rows in = accepted + rejected + exact copies dropped + erased, and when it is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.events.erased import ERASED
from recsys.events.rules import IGNORED, UNKNOWN
from recsys.events.source import Source
from recsys.faults import BadData

_SHOWN = 3


@dataclass
class Account:
    """What became of the rows of one file. `bad` are the rejected rows that count against the accepted rate."""

    source_file: str
    rows_in: int
    accepted: int = 0
    rejected: int = 0
    copies: int = 0
    erased: int = 0  # of users who were erased before
    bad: int = 0
    reasons: Counter = field(default_factory=Counter)

    def __str__(self) -> str:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in self.reasons.most_common()) or "none"
        parts = f"{self.accepted:,} accepted + {self.rejected:,} rejected ({reasons}) + {self.copies:,} copies"
        return f"{self.source_file}: {self.rows_in:,} rows in = {parts}" + (f" + {self.erased:,} erased" if self.erased else "")

    def give_up(self, copies: int) -> Account:
        """The account after `copies` of its accepted rows turned out to be in other files already."""
        return replace(self, accepted=self.accepted - copies, copies=self.copies + copies)


def rows_by_file(raw: list[DataFrame]) -> dict[str, int]:
    """How many rows the files hold, counted before anything else is done with them."""
    return {
        row[c.SOURCE_FILE]: row[c.ROWS_IN]
        for rows in raw
        for row in rows.groupBy(c.SOURCE_FILE).agg(F.count(F.lit(1)).alias(c.ROWS_IN)).collect()
    }


def accounts(incoming: DataFrame, rows_in: dict[str, int]) -> list[Account]:
    """An account for every file of `rows_in`, from the staged rows."""
    by_file = {name: Account(name, count) for name, count in sorted(rows_in.items())}
    for row in incoming.groupBy(c.SOURCE_FILE, c.REASONS, c.COPY).count().collect():
        account, count = by_file[row[c.SOURCE_FILE]], row["count"]
        if row[c.REASONS] == [ERASED]:
            account.erased += count
        elif row[c.REASONS]:
            account.rejected += count
            account.bad += count * (row[c.REASONS] != [IGNORED])
            account.reasons.update({reason: count for reason in row[c.REASONS]})
        elif row[c.COPY]:
            account.copies += count
        else:
            account.accepted += count
    return list(by_file.values())


_UNTOUCHED = "nothing was written to events or quarantine, and events_incoming shows how the rows were understood."


def check(books: list[Account], names: list[str], incoming: DataFrame, source: Source) -> None:
    """Refuse the whole intake where one file is not fit.

    Raises:
        BadData: no rows, unknown behaviour codes, too many rejected rows, or sums that do not add up.
    """
    empty = sorted(set(names) - {account.source_file for account in books if account.rows_in})
    if empty:
        raise BadData(f"{', '.join(empty)}: no rows, only a header if anything. Deliver it again, or remove it; {_UNTOUCHED}")
    for account in books:
        _check_sum(account)
        if account.reasons[UNKNOWN] and source.unknown_behaviour == "refuse":
            raise BadData(_unknown_codes(account, incoming, source))
        if account.bad > source.accepted_reject_rate * account.rows_in:
            samples = _samples(account, incoming)
            raise BadData(_too_many(account, samples, source), of_users=samples)


def _check_sum(account: Account) -> None:
    if account.rows_in != account.accepted + account.rejected + account.copies + account.erased:
        raise BadData(
            f"The sums do not add up: {account}. The file was probably changed while it was read: run again; {_UNTOUCHED}"
        )


def _unknown_codes(account: Account, incoming: DataFrame, source: Source) -> str:
    unknown = incoming.where((F.col(c.SOURCE_FILE) == account.source_file) & F.array_contains(c.REASONS, UNKNOWN))
    counts = unknown.groupBy(c.CODE).count().orderBy(F.desc("count"), c.CODE).limit(20).collect()
    told = ", ".join(f"{row[c.CODE]!r} ({row['count']:,} rows)" for row in counts)
    return (
        f"{account.source_file} has behaviour codes that source {source.name} does not know: {told}; known are "
        f"{sorted(source.behaviours)}. Map them in behaviours, list them in ignored_behaviours, or set unknown_behaviour: "
        f"quarantine; {_UNTOUCHED}"
    )


def _samples(account: Account, incoming: DataFrame) -> str:
    in_file = (F.col(c.SOURCE_FILE) == account.source_file) & (F.size(c.REASONS) > 0)
    is_shown = in_file & F.col(c.RAW).isNotNull()  # of erased users nothing is
    rows = incoming.where(is_shown).orderBy(c.RAW).select(c.RAW, c.REASONS).limit(_SHOWN).collect()
    return "; ".join(f"{row[c.RAW][:300]} ({', '.join(row[c.REASONS])})" for row in rows)


def _too_many(account: Account, samples: str, source: Source) -> str:
    return (
        f"{account}. That is {account.bad / account.rows_in:.2%} bad rows, and source {source.name} accepts "
        f"{source.accepted_reject_rate:.2%} (accepted_reject_rate). Samples: {samples}. Correct the file, the mapping or the "
        f"rate; {_UNTOUCHED}"
    )
