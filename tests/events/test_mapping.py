from datetime import date, datetime

import pytest
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual
from shop import a_source

from recsys.columns import BASKET, BEHAVIOUR, CODE, DAY, ITEM, NAME, PRICE, QUANTITY, RAW, TIME, USER
from recsys.events.mapping import to_canonical
from recsys.faults import BadSettings


def a_log(spark, *rows):
    return spark.createDataFrame(rows, "user string, item string, what string, at string, units string, paid string, source_file string")


def test_rows_are_mapped_by_expression_code_and_clock(spark):
    rows = a_log(
        spark,
        ("u1 ", "a", "buy", "2020-07-01 00:30:00", "2", "1.50", "f"),  # summer time: still June in UTC
        ("", "b", "view", "2020-01-01 10:00:00", None, "x", "f"),
        ("u2", "c", "wave", "yesterday", "1", "nan", "f"),
    )
    source = a_source("f", time__zone="Europe/London", events__item_id="upper(item)", products={"columns": {"name": "concat('  The ', item)"}})
    mapped = to_canonical(rows, source).select(USER, ITEM, CODE, BEHAVIOUR, TIME, DAY, BASKET, QUANTITY, PRICE, NAME)
    expected = spark.createDataFrame(
        [
            ("u1", "A", "buy", "purchase", datetime(2020, 6, 30, 23, 30), date(2020, 7, 1), "u1@2020-07-01", 2.0, 1.5, "The a"),
            (None, "B", "view", "browse", datetime(2020, 1, 1, 10), date(2020, 1, 1), "2020-01-01", None, None, "The b"),
            ("u2", "C", "wave", None, None, None, "u2", 1.0, None, "The c"),
        ],
        mapped.schema,
    )
    assertDataFrameEqual(mapped, expected)


def test_ids_that_an_export_made_decimal_numbers_are_those_of_the_other_days(spark):
    rows = spark.createDataFrame(
        [(17850.0, 12345678.0, "buy", "2020-01-01", "f"), (0.5, None, "buy", "2020-01-01", "f"), (float("nan"), 1e300, "buy", "2020-01-01", "f")],
        "user double, item double, what string, at string, source_file string",
    )
    source = a_source("f", events={"user_id": "user", "item_id": "item", "behaviour": "what", "event_time": "at"})
    found = to_canonical(rows, source).select(USER, ITEM)
    assertDataFrameEqual(found, spark.createDataFrame([("17850", "12345678"), ("0.5", None), ("NaN", "1.0E300")], found.schema))


def test_ids_of_a_decimal_column_are_the_numbers_that_they_say(spark):
    rows = spark.createDataFrame([("17850", "10.50", "buy", "2020-01-01", "f"), ("12345678901234567890", "-0.25", "buy", "2020-01-01", "f")], "user string, item string, what string, at string, source_file string")
    typed = rows.withColumns({"user": F.col("user").cast("decimal(38,10)"), "item": F.col("item").cast("decimal(10,2)")})
    source = a_source("f", events={"user_id": "user", "item_id": "item", "behaviour": "what", "event_time": "at"})
    found = to_canonical(typed, source).select(USER, ITEM)
    assertDataFrameEqual(found, spark.createDataFrame([("17850", "10.50"), ("12345678901234567890", "-0.25")], found.schema))


def test_the_row_as_it_came_is_kept_beside_whatever_the_order_of_its_columns(spark):
    rows = a_log(spark, ("u1 ", "a", "buy", "2020-07-01", None, "1.50", "f"))
    raw = to_canonical(rows, a_source("f")).select(RAW)
    assertDataFrameEqual(to_canonical(rows.select(*reversed(rows.columns)), a_source("f")).select(RAW), raw)
    assertDataFrameEqual(raw, spark.createDataFrame([('{"at":"2020-07-01","item":"a","paid":"1.50","user":"u1 ","what":"buy"}',)], raw.schema))


@pytest.mark.parametrize(
    ("pattern", "text", "moment"),
    [
        ("yyyy-M-d", "2013-6-4", datetime(2013, 6, 3, 16)),
        ("unix_seconds", "1511539200", datetime(2017, 11, 24, 16)),
        ("unix_milliseconds", "1511539200500", datetime(2017, 11, 24, 16, 0, 0, 500_000)),
        ("yyyy-MM-dd HH:mm:ss 'UTC'", "2019-11-01 00:00:00 UTC", datetime(2019, 10, 31, 16)),
        ("yyyy-MM-dd'T'HH:mm:ssXXX", "2019-11-01T00:00:00+02:00", datetime(2019, 10, 31, 22)),
        ("unix_seconds", "99999999999999999999", None),
        ("yyyy-M-d", "2013-6-31", None),
    ],
)
def test_a_time_is_read_by_its_format_in_the_zone_of_the_shop(spark, pattern, text, moment):
    rows = a_log(spark, ("u", "i", "buy", text, "1", "1", "f"))
    mapped = to_canonical(rows, a_source("f", time={"format": pattern, "zone": "Asia/Shanghai"})).select(TIME)
    assertDataFrameEqual(mapped, spark.createDataFrame([(moment,)], mapped.schema))


def test_a_wall_clock_column_is_in_the_zone_of_the_shop_and_a_moment_is_not(spark):
    rows = a_log(spark, ("u", "i", "buy", "2020-07-01 12:00:00", "1", "1", "f"))
    source = a_source("f", time={"format": "timestamp", "zone": "Europe/London"})
    for kind, hour in (("timestamp_ntz", 11), ("timestamp", 12)):
        mapped = to_canonical(rows.withColumn("at", F.col("at").cast(kind)), source).select(TIME)
        assertDataFrameEqual(mapped, spark.createDataFrame([(datetime(2020, 7, 1, hour),)], mapped.schema))


@pytest.mark.parametrize("pattern", ["timestamp", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ssXXX", "unix_seconds", "unix_milliseconds"])
def test_a_column_that_is_a_time_by_its_type_is_read_as_one_whatever_the_format_says(spark, pattern):
    rows = a_log(spark, ("u", "i", "buy", "2020-07-01 12:00:00", "1", "1", "f"))
    source = a_source("f", time={"format": pattern, "zone": "Europe/London"})
    moments = {"timestamp": datetime(2020, 7, 1, 12), "timestamp_ntz": datetime(2020, 7, 1, 11), "date": datetime(2020, 6, 30, 23)}
    found = {kind: to_canonical(rows.withColumn("at", F.col("at").cast(kind)), source).first()[TIME] for kind in moments}
    assert found == moments


def test_text_is_a_wall_clock_unless_it_tells_its_offset(spark):
    moments = {
        "2026-11-21 20:00:00": datetime(2026, 11, 21, 12), "2026-11-21T20:00:00.500": datetime(2026, 11, 21, 12, 0, 0, 500_000),
        " 2026-11-21 ": datetime(2026, 11, 20, 16), "2026-1-2 3:04": datetime(2026, 1, 1, 19, 4),
        "2026-11-21 20:00:00Z": datetime(2026, 11, 21, 20), "2026-11-21T20:00:00+02:00": datetime(2026, 11, 21, 18),
        "2026-11-21 20:00:00 -05:00": datetime(2026, 11, 22, 1), "2026-11-21 20:00:00 Europe/Paris": datetime(2026, 11, 21, 19), "soon": None,
        "10:15:00": None, "T10:15": None, " 9:05 ": None, "10:15:00+02:00": None,  # Spark would take them for times of today
    }
    rows = a_log(spark, *((text, "i", "buy", text, "1", "1", "f") for text in moments))
    mapped = to_canonical(rows, a_source("f", time={"format": "timestamp", "zone": "Asia/Shanghai"})).select(USER, TIME)
    assert {row[0]: row[1] for row in mapped.collect()} == {text.strip(): moment for text, moment in moments.items()}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"events__user_id": "upper(user"}, "events.user_id = 'upper(user' is not a Spark SQL expression"),
        ({"events__price": "cost"}, "events.price = 'cost' does not fit the columns found, ['user', 'item', 'what', 'at', 'units', 'paid']"),
        ({"products": {"columns": {"name": "title"}}}, "products.columns.name = 'title'"),
        ({"time__format": "yyyy-MM-dd bb"}, "time.format = 'yyyy-MM-dd bb' is not a Spark pattern"),
    ],
)
def test_an_expression_that_does_not_fit_is_named_with_its_setting(spark, changes, told):
    with pytest.raises(BadSettings) as fault:
        to_canonical(a_log(spark, ("u", "i", "buy", "x", "1", "1", "f")), a_source("f", **changes))
    assert told in str(fault.value)
