"""Defects as real logs have them, planted in a share of the rows: the reasons are those under which intake rejects them."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.simulation.lots import Lots

COPY_OF_ROW = "exact_copy"  # not rejected: the copy is dropped
# reason: the column that is spoiled, and what stands in it then
DEFECTS: dict[str, tuple[str, str | None]] = {
    "missing_user": (c.USER, None),
    "missing_item": (c.ITEM, None),
    "undecodable_text": (c.ITEM, "p\ufffd"),
    "not_a_product": (c.ITEM, "DELIVERY"),
    "missing_time": (c.TIME, None),
    "unparsable_time": (c.TIME, "31.02. at noon"),
    "outside_period": (c.TIME, "1970-01-01 00:00:00"),  # a clock that was never set
    "missing_behaviour": (c.BEHAVIOUR, None),
    "unknown_behaviour": (c.BEHAVIOUR, "scroll"),
    "unparsable_number": (c.PRICE, "free"),
    "price_not_positive": (c.PRICE, "0.00"),
    "quantity_not_positive": (c.QUANTITY, "0"),
}
KINDS = (*DEFECTS, COPY_OF_ROW)


def with_reason(rows: DataFrame, lots: Lots, share: float, *keys: str | Column) -> DataFrame:
    """Add `reason`: the one defect of a row, null for most. `keys` tell the rows apart."""
    kind = F.get(F.array(*map(F.lit, KINDS)), lots.below(len(KINDS), "defect", *keys).cast("int"))
    return rows.withColumn(c.REASON, F.when(lots.happens(share, "dirty", *keys), kind))


def spoiled(rows: DataFrame) -> DataFrame:
    """`rows`, whose columns are text, with the defect that `reason` names; a row to be copied is there twice."""
    times = F.when(F.col(c.REASON) == COPY_OF_ROW, F.array(F.lit(0), F.lit(1))).otherwise(F.array(F.lit(0)))
    twice = rows.select("*", F.explode(times).alias("_time")).drop("_time")
    return twice.withColumns({name: _spoiled(name) for name in {column for column, _ in DEFECTS.values()}})


def _spoiled(name: str) -> Column:
    value = F.col(name)
    for reason, (column, text) in DEFECTS.items():
        if column == name:
            value = F.when(F.col(c.REASON) == reason, F.lit(text).cast("string")).otherwise(value)
    return value
