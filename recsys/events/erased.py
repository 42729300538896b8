"""Users who asked to be forgotten: known by the hash of their id only, so that no later delivery of a file brings them back."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.events.rules import MALFORMED
from recsys.lake import Lake
from recsys.tables import ERASURES, INCOMING, QUARANTINE

ERASED = "erased_user"
_KEY, _FOUND, _HASH = "key", "found", "hash"
_BETWEEN_WORDS = r"[^\p{L}\p{N}_.@+-]+"


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
    marked = _marked(rows, hashed(F.col(c.USER)), erased)
    kept = (c.SOURCE, c.SOURCE_FILE)
    gone = {name: F.when(~F.col(_FOUND), F.col(name)) for name in INCOMING.columns if name in rows.columns and name not in (*kept, c.REASONS)}
    return marked.withColumns({**gone, c.REASONS: F.when(F.col(_FOUND), F.array(F.lit(ERASED))).otherwise(F.col(c.REASONS))}).drop(_FOUND)


def of_erased(quarantine: DataFrame, erased: DataFrame) -> DataFrame:
    """The rows of the quarantine that are those of an erased user, as far as the mapping or a word told."""
    return _marked(quarantine, F.col(c.USER_HASH), erased).where(_FOUND).select(*QUARANTINE.columns)


def hashes_in(quarantine: DataFrame) -> DataFrame:
    """The hashes of all users of whom a row of the quarantine may be, as far as the mapping or a word told."""
    return quarantine.select(c.USER_HASH).unionByName(_hashed_words(quarantine).select(c.USER_HASH))


def without_erased(quarantine: DataFrame, erased: DataFrame) -> DataFrame:
    """The other rows of the quarantine."""
    return _marked(quarantine, F.col(c.USER_HASH), erased).where(~F.col(_FOUND)).select(*QUARANTINE.columns)


def _marked(rows: DataFrame, user_hash: Column, erased: DataFrame) -> DataFrame:
    """`rows` with `found`: the user, or in a malformed row any word, is that of an erased user."""
    by_user = erased.select(F.col(c.USER_HASH).alias("by_user"))
    is_malformed = F.array_contains(c.REASONS, MALFORMED)
    by_word = _hashed_words(rows).join(erased, on=c.USER_HASH, how="left_semi").select(_KEY).distinct()
    return (
        rows.withColumns({_KEY: F.when(is_malformed, F.md5(c.RAW)), _HASH: user_hash})
        .join(by_user, on=F.col(_HASH) == F.col("by_user"), how="left")
        .join(by_word.withColumn("by_word", F.lit(True)), on=_KEY, how="left")
        .withColumn(_FOUND, F.col("by_user").isNotNull() | F.col("by_word").isNotNull())
        .drop(_KEY, _HASH, "by_user", "by_word")
    )


def _hashed_words(rows: DataFrame) -> DataFrame:
    """The hash of every word of every malformed row of `rows`, with a key of the row."""
    malformed = rows.where(F.array_contains(c.REASONS, MALFORMED))
    return malformed.select(F.md5(c.RAW).alias(_KEY), F.explode(F.transform(_words(), hashed)).alias(c.USER_HASH))


def _words() -> Column:
    """Every value in `raw`, whole and word by word."""
    values = F.array_compact(F.map_values(F.from_json(c.RAW, "map<string,string>")))
    words = F.transform(values, lambda value: F.concat(F.array(F.trim(value)), F.split(value, _BETWEEN_WORDS)))
    return F.array_distinct(F.flatten(words))
