"""Give every row its `event_id`, and tell exact copies from real repetitions."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.events.source import Source

_CONTENT = "content"
_OCCURRENCE = "occurrence"


def with_identity(rows: DataFrame, source: Source) -> DataFrame:
    """Add `event_id` and `copy`, which depend on what the rows say and never on their order or partition.

    A row's content is all that the file says in it. `drop`: the id is a hash of source and content, and of
    equal good rows all but one are copies; the one in the file of the smallest name stays. `keep`: file and
    number among equal rows enter the hash, so that every row is an event of its own. `raw` stays with bad rows.
    """
    kept = source.duplicates == "keep"
    content = F.md5(F.concat_ws("\u0001", c.SOURCE, c.RAW))
    good = F.size(c.REASONS) == 0
    equals = Window.partitionBy(_CONTENT, good, *([c.SOURCE_FILE] if kept else [])).orderBy(c.SOURCE_FILE)
    hashed = rows.withColumn(_CONTENT, content).withColumn(c.RAW, F.when(~good, F.col(c.RAW)))
    numbered = hashed.withColumn(_OCCURRENCE, F.row_number().over(equals))
    own = F.md5(F.concat_ws("\u0001", _CONTENT, c.SOURCE_FILE, _OCCURRENCE))
    return numbered.withColumns({
        c.EVENT_ID: own if kept else F.col(_CONTENT),
        c.COPY: F.lit(False) if kept else good & (F.col(_OCCURRENCE) > 1),
    }).drop(_CONTENT, _OCCURRENCE)
