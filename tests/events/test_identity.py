from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual
from shop import a_source

from recsys.columns import COPY, EVENT_ID, RAW, REASONS, SOURCE, SOURCE_FILE
from recsys.events.identity import with_identity

SCHEMA = f"{SOURCE} string, {RAW} string, {SOURCE_FILE} string, {REASONS} array<string>"


def test_of_equal_good_rows_all_but_the_one_in_the_first_file_are_copies(spark):
    rows = spark.createDataFrame(
        [
            ("shop", "same", "b", []), ("shop", "same", "a", []), ("shop", "same", "b", []),
            ("shop", "other", "b", []), ("shop", "bad", "a", ["free"]), ("shop", "bad", "a", ["free"]),
        ],
        SCHEMA,
    )
    said = rows.select(RAW, F.md5(F.concat_ws("\u0001", SOURCE, RAW)).alias(EVENT_ID)).distinct()
    found = with_identity(rows, a_source("f")).drop(RAW).join(said, EVENT_ID).groupBy(RAW, SOURCE_FILE).agg(F.sort_array(F.collect_list(COPY)).alias(COPY))
    expected = [("same", "a", [False]), ("same", "b", [True, True]), ("other", "b", [False]), ("bad", "a", [False, False])]
    assertDataFrameEqual(found, spark.createDataFrame(expected, found.schema))


def test_without_a_clock_every_equal_row_is_an_event_of_its_own(spark):
    rows = spark.createDataFrame([("shop", "same", "a", []), ("shop", "same", "a", []), ("shop", "same", "b", [])], SCHEMA)
    found = with_identity(rows, a_source("f", duplicates="keep"))
    assert sorted(row[COPY] for row in found.collect()) == [False, False, False]
    assert len({row[EVENT_ID] for row in found.collect()}) == 3


def test_the_id_depends_on_source_and_content_and_not_on_order_or_partitions(spark):
    rows = [("shop", f"row {number % 4}", "a", []) for number in range(8)]
    for policy in ("drop", "keep"):
        source = a_source("f", duplicates=policy)
        there = with_identity(spark.createDataFrame(rows, SCHEMA).repartition(3), source)
        back = with_identity(spark.createDataFrame(rows[::-1], SCHEMA).coalesce(1), source)
        assertDataFrameEqual(there, back)
    elsewhere = with_identity(spark.createDataFrame([("other shop", "row 0", "a", [])], SCHEMA), a_source("f")).first()[EVENT_ID]
    assert elsewhere not in {row[EVENT_ID] for row in there.collect()}
