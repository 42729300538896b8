from datetime import date, datetime

import pytest
from pyspark.testing import assertDataFrameEqual

from recsys.columns import AVAILABLE, BEHAVIOUR, BRAND, CATEGORY, DAY, EVENT_ID, ITEM, NAME, PRICE, ROWS, TIME
from recsys.events.products import LISTED_PRICE, catalogue_of_list, catalogue_of_log, products
from recsys.events.source import FileSettings, ProductColumns, ProductFile, ProductSettings
from recsys.tables import PRODUCTS

EVENTS = f"{EVENT_ID} string, {ITEM} string, {BEHAVIOUR} string, {TIME} timestamp, {PRICE} double, {DAY} date"
CATALOGUE = f"{ITEM} string, {NAME} string, {CATEGORY} string, {BRAND} string, {LISTED_PRICE} double, {AVAILABLE} boolean"
MENTIONS = f"{ITEM} string, {NAME} string, {CATEGORY} string, {BRAND} string, {ROWS} bigint, {DAY} date"
DS = date(2020, 1, 31)
SCHEMA = ", ".join(f"{name} {kind}" for name, kind in PRODUCTS.columns.items())


def event(name, item, behaviour, day, price):
    return name, item, behaviour, datetime(2020, 1, day), price, date(2020, 1, day)


def an_inventory(spark):
    events = spark.createDataFrame(
        [
            event("e1", "milk", "purchase", 1, 1.0), event("e2", "milk", "repurchase", 20, 1.2), event("e3", "milk", "repurchase", 20, 1.3),
            event("e4", "milk", "browse", 30, 9.0), event("e5", "eggs", "browse", 2, 3.0), event("e6", "salt", "browse", 25, None),
            ("e7", "milk", "repurchase", datetime(2020, 2, 1), 5.0, date(2020, 2, 1)),
        ],
        EVENTS,
    )
    catalogue = spark.createDataFrame([("milk", "Milk", "Dairy", "Own", 2.0, None), ("beer", "Beer", None, None, 4.0, False)], CATALOGUE)
    return events, catalogue


def test_the_price_is_that_of_the_latest_sale_and_nothing_is_left_without_name_or_price(spark):
    expected = [
        ("milk", "Milk", 1.3, "Dairy", "Own", True, DS),  # of two lines of one moment the later event_id
        ("eggs", "Product eggs", 3.0, None, None, False, DS),  # not seen for 28 days
        ("salt", "Product salt", 0.0, None, None, True, DS),
        ("beer", "Beer", 4.0, None, None, False, DS),
    ]
    found = products(*an_inventory(spark), ProductSettings(active_within_days=28), DS)
    assertDataFrameEqual(found, spark.createDataFrame(expected, SCHEMA))


def test_a_listed_price_leads_where_the_source_says_so(spark):
    expected = [
        ("milk", "Milk", 2.0, "Dairy", "Own", True, DS), ("eggs", "Product eggs", 3.0, None, None, True, DS),
        ("salt", "Product salt", -1.0, None, None, True, DS), ("beer", "Beer", 4.0, None, None, False, DS),
    ]
    found = products(*an_inventory(spark), ProductSettings(price="listed", unknown_price=-1.0), DS)
    assertDataFrameEqual(found, spark.createDataFrame(expected, SCHEMA))


def test_a_name_is_the_most_frequent_wording_up_to_the_day(spark):
    mentions = spark.createDataFrame(
        [
            ("a", "Mug", "Kitchen", None, 2, date(2020, 1, 1)), ("a", "Cup", None, None, 1, date(2020, 1, 1)), ("a", "Cup", None, None, 1, date(2020, 1, 2)),
            ("a", "Beaker", None, None, 9, date(2020, 2, 1)), ("b", None, None, "Brand b", 1, date(2020, 1, 1)),
        ],
        MENTIONS,
    )
    expected = [("a", "Cup", "Kitchen", None, None, None), ("b", None, None, "Brand b", None, None)]
    found = catalogue_of_log(mentions, DS).select(ITEM, NAME, CATEGORY, BRAND, LISTED_PRICE, AVAILABLE)
    assertDataFrameEqual(found, spark.createDataFrame(expected, CATALOGUE))


def test_the_latest_row_of_a_product_list_that_was_known_on_the_day_wins(spark):
    listed = spark.createDataFrame(
        [
            ("a", "Old  name", "1.0", "yes", "2020-01-01"), ("a", "New name", None, "no", "2020-01-30"), ("a", "Future name", "3.0", "yes", "2020-02-01"),
        ],
        "id string, title string, cost string, stock string, since string",
    )
    listed = listed.unionByName(spark.createDataFrame([("b", "No price set", "0", "yes", "2020-01-01")], listed.schema))
    file = ProductFile(
        files=FileSettings(path="list"), item_id="id", price="cost", available="stock = 'yes'", known_from="to_timestamp(since)",
    )
    found = catalogue_of_list([listed], file, ProductColumns(name="title"), "UTC", DS).select(ITEM, NAME, CATEGORY, BRAND, LISTED_PRICE, AVAILABLE)
    assertDataFrameEqual(found, spark.createDataFrame([("a", "New name", None, None, 1.0, False), ("b", "No price set", None, None, None, True)], CATALOGUE))


@pytest.mark.parametrize(("zone", "known"), [("Europe/Paris", False), ("UTC", True)])
def test_a_product_list_is_read_up_to_the_end_of_the_day_where_the_shop_is(spark, zone, known):
    listed = spark.createDataFrame([("a", "Cup", "2020-01-31T23:30:00Z")], "id string, title string, since string")
    file = ProductFile(files=FileSettings(path="list"), item_id="id", known_from="since")
    assert catalogue_of_list([listed], file, ProductColumns(name="title"), zone, DS).isEmpty() != known
