"""Users who asked to be forgotten: known by the hash of their id only, so that no later delivery of a file brings them back."""

from __future__ import annotations

import re

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.events.expressions import text_value
from recsys.events.rules import MALFORMED
from recsys.events.source import Source
from recsys.lake import Lake
from recsys.tables import ERASURES, INCOMING, QUARANTINE

ERASED = "erased_user"
_KEY, _FOUND, _ROW = "key", "found", "_row"


def hashed(user: Column) -> Column:
    """What stands for a user id in `erasures`."""
    return F.sha2(user, 256)


def erased_users(lake: Lake) -> DataFrame | None:
    """The hashes of all erased users; None where there are none."""
    return lake.read(ERASURES).select(c.USER_HASH).distinct() if lake.exists(ERASURES) else None


def hide(rows: DataFrame, erased: DataFrame | None) -> DataFrame:
    """`rows`, judged but without identity yet; of those of an erased user only their file stays, and the reason `erased_user`."""
    if erased is None:
        return rows
    marked = _marked(rows, erased)
    kept = (c.SOURCE, c.SOURCE_FILE)
    gone = {name: F.when(~F.col(_FOUND), F.col(name)) for name in INCOMING.columns if name in rows.columns and name not in (*kept, c.REASONS)}
    return marked.withColumns({**gone, c.REASONS: F.when(F.col(_FOUND), F.array(F.lit(ERASED))).otherwise(F.col(c.REASONS))}).drop(_FOUND)


def without_erased(quarantine: DataFrame, erased: DataFrame, source: Source) -> DataFrame:
    """The rows of `source` in the quarantine that are not those of an erased user, as far as the mapping or a word tells."""
    return _marked(_with_user(quarantine, source), erased).where(~F.col(_FOUND)).select(*QUARANTINE.columns)


def _marked(rows: DataFrame, erased: DataFrame) -> DataFrame:
    """`rows` with `found`: the user, or in a malformed row any word, is that of an erased user."""
    by_user = erased.select(F.col(c.USER_HASH).alias("by_user"))
    is_malformed = F.array_contains(c.REASONS, MALFORMED)
    words = F.transform(F.array_distinct(F.split(c.RAW, r"[^\p{L}\p{N}_.@+-]+")), hashed)
    suspects = rows.where(is_malformed).select(F.md5(c.RAW).alias(_KEY), F.explode(words).alias(c.USER_HASH))
    by_word = suspects.join(erased, on=c.USER_HASH, how="left_semi").select(_KEY).distinct()
    return (
        rows.withColumn(_KEY, F.when(is_malformed, F.md5(c.RAW)))
        .join(by_user, on=hashed(F.col(c.USER)) == F.col("by_user"), how="left")
        .join(by_word.withColumn("by_word", F.lit(True)), on=_KEY, how="left")
        .withColumn(_FOUND, F.col("by_user").isNotNull() | F.col("by_word").isNotNull())
        .drop(_KEY, "by_user", "by_word")
    )


def _with_user(quarantine: DataFrame, source: Source) -> DataFrame:
    """The rows of the quarantine with the user that the mapping reads in `raw`.

    `raw` leaves out what was null. So every word of the expression is made a column, null where no row has it; that
    some of them are functions does no harm.
    """
    fields = F.from_json(c.RAW, "map<string,string>")
    found = {row[0] for row in quarantine.select(F.explode(F.map_keys(fields))).distinct().collect()}  # grows with columns only
    names = {name.lower(): name for name in {*re.findall(r"\w+", source.events.user_id), *re.findall(r"`([^`]+)`", source.events.user_id), *found}}
    row = F.struct(*QUARANTINE.columns)
    fielded = quarantine.select(row.alias(_ROW), fields.alias("fields")).select(
        _ROW, *[F.col("fields")[name].alias(name) for name in names.values()]
    )
    user = text_value(fielded, source.events.user_id, "events.user_id")
    return fielded.select(f"{_ROW}.*", user.alias(c.USER))
