"""What the tables hold of every file, by which it is seen whether its account still tells the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.tables import EVENTS, PRODUCT_MENTIONS, QUARANTINE

HELD_IN = (EVENTS, QUARANTINE, PRODUCT_MENTIONS)


@dataclass(frozen=True)
class Held:
    """The rows of one file; the fields are columns of its account."""

    accepted: int = 0
    rejected: int = 0
    content: int = 0  # a sum of hashes of all its rows, mentions of products too, whatever their order

    def told_by(self, account: Mapping[str, object]) -> bool:
        """An account that an older version wrote tells no content, so only its rows are compared."""
        counts = account[c.ACCEPTED], account[c.REJECTED]
        return counts == (self.accepted, self.rejected) and account.get(c.CONTENT) in (None, self.content)


def held_by_file(events: DataFrame, quarantine: DataFrame, mentions: DataFrame) -> dict[tuple[str, str], Held]:
    """What these rows, of the tables `HELD_IN`, are of each source and file; of others nothing is held."""
    bought = F.col(c.BEHAVIOUR).isin(*c.BOUGHT)  # files that come later tell them apart anew
    alike = events.withColumn(c.BEHAVIOUR, F.when(bought, c.PURCHASE).otherwise(F.col(c.BEHAVIOUR)))
    hashed = [
        rows.select(c.SOURCE, c.SOURCE_FILE, F.lit(accepted).alias(c.ACCEPTED), F.lit(rejected).alias(c.REJECTED), F.hash(*rows.columns).alias(c.CONTENT))
        for rows, accepted, rejected in ((alike, 1, 0), (quarantine, 0, 1), (mentions, 0, 0))
    ]
    names = (c.ACCEPTED, c.REJECTED, c.CONTENT)
    by_file = reduce(DataFrame.unionByName, hashed).groupBy(c.SOURCE, c.SOURCE_FILE).agg(*(F.sum(name).alias(name) for name in names))
    return {(row[c.SOURCE], row[c.SOURCE_FILE]): Held(*(row[name] for name in names)) for row in by_file.collect()}
