from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.simulation.dirt import COPY_OF_ROW, KINDS, spoiled, with_reason
from recsys.simulation.lots import Lots

ROW = f"{c.USER} string, {c.ITEM} string, {c.TIME} string, {c.BEHAVIOUR} string, {c.PRICE} string, {c.QUANTITY} string, {c.REASON} string"
GOOD = ("u", "p", "2020-01-01 08:00:00", "buy", "1.00", "2")


def test_a_row_is_spoiled_as_its_reason_says_and_in_nothing_else(spark):
    reasons = [None, "missing_user", "undecodable_text", "outside_period", "unknown_behaviour", "quantity_not_positive", COPY_OF_ROW]
    found = spoiled(spark.createDataFrame([(*GOOD, reason) for reason in reasons], ROW))
    expected = [
        (*GOOD, None),
        (None, "p", "2020-01-01 08:00:00", "buy", "1.00", "2", "missing_user"),
        ("u", "p\ufffd", "2020-01-01 08:00:00", "buy", "1.00", "2", "undecodable_text"),
        ("u", "p", "1970-01-01 00:00:00", "buy", "1.00", "2", "outside_period"),
        ("u", "p", "2020-01-01 08:00:00", "scroll", "1.00", "2", "unknown_behaviour"),
        ("u", "p", "2020-01-01 08:00:00", "buy", "1.00", "0", "quantity_not_positive"),
        (*GOOD, COPY_OF_ROW), (*GOOD, COPY_OF_ROW),
    ]
    assertDataFrameEqual(found, spark.createDataFrame(expected, ROW))


def test_a_set_share_of_the_rows_gets_one_defect_of_all_kinds(spark):
    counts = dict(with_reason(spark.range(2_000), Lots(17), 0.5, "id").groupBy(c.REASON).count().collect())
    assert set(counts) == {None, *KINDS} and abs(counts[None] - 1_000) < 100
    assert max(counts[kind] for kind in KINDS) < 2 * min(counts[kind] for kind in KINDS)
    assert with_reason(spark.range(100), Lots(17), 0.0, "id").where(F.col(c.REASON).isNotNull()).isEmpty()
