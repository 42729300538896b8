"""Which rows of a product list can be trusted, and when there are too few of them."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.events.expressions import text_value
from recsys.events.mapping import timestamp
from recsys.events.reading import CORRUPT
from recsys.events.rules import MALFORMED
from recsys.events.source import ProductFile, Source
from recsys.faults import BadData
from recsys.lake import quoted

log = logging.getLogger(__name__)
NO_ITEM, ODD_TIME = "missing_item", "unreadable_known_from"
_SAMPLE = 300  # letters of a row that are shown


def trusted_rows(listed: Sequence[DataFrame], source: Source) -> list[DataFrame]:
    """The frames of the product list of `source`, from `read_list`, without the broken rows, whose number is logged.

    Raises:
        BadData: more of a file is broken than the source accepts.
    """
    file = source.products.file
    judged = [rows.select("*", broken_row(rows, file, source.time.zone).alias(c.REASON)) for rows in listed]
    told = reduce(DataFrame.unionByName, [rows.select(c.SOURCE_FILE, c.REASON, _whole(rows).alias(c.RAW)) for rows in judged])
    counted = told.groupBy(c.SOURCE_FILE, c.REASON).agg(
        F.count(F.lit(1)).alias(c.ROWS), F.min(F.when(F.col(c.REASON).isNotNull(), F.col(c.RAW))).alias(c.RAW)
    )
    by_file = defaultdict(list)
    for row in counted.orderBy(F.desc(c.ROWS), c.REASON).collect():
        by_file[row[c.SOURCE_FILE]].append(row)
    for name, rows in sorted(by_file.items()):
        _check(name, rows, source)
    return [rows.where(F.col(c.REASON).isNull()).drop(c.REASON) for rows in judged]


def _whole(rows: DataFrame) -> Column:
    return F.to_json(F.struct(*(F.col(quoted(name)) for name in rows.columns if name not in (c.SOURCE_FILE, c.REASON))))


def broken_row(listed: DataFrame, file: ProductFile, zone: str) -> Column:
    """Why nothing that a row says can be trusted; null for a good row."""
    since = text_value(listed, file.known_from, "products.file.known_from")
    read = timestamp(listed, file.known_from, "products.file.known_from", zone)
    is_malformed = F.col(CORRUPT).isNotNull() if CORRUPT in listed.columns else F.lit(False)
    return (
        F.when(is_malformed, MALFORMED)
        .when(text_value(listed, file.item_id, "products.file.item_id").isNull(), NO_ITEM)
        .when(since.isNotNull() & read.isNull(), ODD_TIME)
    )


def _check(name: str, rows: list[Row], source: Source) -> None:
    broken = [row for row in rows if row[c.REASON]]
    bad, total = (sum(row[c.ROWS] for row in some) for some in (broken, rows))
    if not bad:
        return
    told = f"{name}: {bad:,} of {total:,} rows of the product list are broken ({', '.join(f'{row[c.REASON]} {row[c.ROWS]:,}' for row in broken)})"
    if bad > source.accepted_reject_rate * total:
        raise BadData(
            f"{told}. That is {bad / total:.2%}, and source {source.name} accepts {source.accepted_reject_rate:.2%} (accepted_reject_rate). One of them: "
            f"{broken[0][c.RAW][:_SAMPLE]}. Put values that hold the delimiter between quotation marks, or correct the file, products.file in the "
            "source's YAML, or the rate; nothing was written."
        )
    log.warning("%s %s; they are left out", source.name, told)
