"""The shipped mappings, each on a few rows written by hand in the public format of its source."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual
from shop import a_source

from recsys.columns import AVAILABLE, BASKET, BEHAVIOUR, BRAND, CATEGORY, DAY, ITEM, NAME, PRICE, QUANTITY, REASONS, TIME, USER
from recsys.events.files import find_units
from recsys.events.intake import understand
from recsys.events.product_list import trusted_rows
from recsys.events.products import LISTED_PRICE, catalogue_of_list
from recsys.events.reading import read_groups, read_list
from recsys.events.source import load_source
from recsys.settings import Settings


def shipped(name, path, products_path=None):
    return load_source(Settings(source=f"{name}.yaml", folder="conf/sources", source_path=str(path), products_path=products_path and str(products_path)))


def understood(spark, source, *columns):
    units = find_units(spark, source.files, "")
    rows = understand(read_groups(spark, source.files, units)[0], source)
    return rows.select(USER, ITEM, F.array_join(REASONS, ",").alias(REASONS), BEHAVIOUR, TIME, *columns)


def test_rees46(spark, tmp_path):
    log = tmp_path / "2019-Oct.csv"
    log.write_text(
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
        "2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,72d76fde-8bb3\n"
        "2019-10-01 00:00:01 UTC,purchase,1004856,2053013555631882655,electronics.smartphone,samsung,130.76,543272936,8187d148-3c41\n"
        "2019-10-01 00:00:04 UTC,remove_from_cart,1004856,2053013555631882655,electronics.smartphone,samsung,130.76,543272936,8187d148-3c41\n"
        "2019-10-01 00:00:05 UTC,cart,1480613,2053013561092866779,computers.desktop,pulser,0.00,512742880,0d0d91c2-c9c2\n"
    )
    found = understood(spark, shipped("rees46", log), BASKET, PRICE, NAME, CATEGORY, BRAND)
    expected = [
        ("541312140", "44600062", "", "browse", datetime(2019, 10, 1, 0, 0, 0), "72d76fde-8bb3", 35.79, "Shiseido 44600062", "2103807459595387724", "shiseido"),
        ("543272936", "1004856", "", "purchase", datetime(2019, 10, 1, 0, 0, 1), "8187d148-3c41", 130.76, "Samsung smartphone 1004856", "electronics.smartphone", "samsung"),
        ("543272936", "1004856", "ignored_behaviour", None, datetime(2019, 10, 1, 0, 0, 4), "8187d148-3c41", 130.76, "Samsung smartphone 1004856", "electronics.smartphone", "samsung"),
        ("512742880", "1480613", "price_not_positive", "cart", datetime(2019, 10, 1, 0, 0, 5), "0d0d91c2-c9c2", 0.0, "Pulser desktop 1480613", "computers.desktop", "pulser"),
    ]
    assertDataFrameEqual(found, spark.createDataFrame(expected, found.schema))


def test_retailrocket_events(spark, tmp_path):
    log = tmp_path / "events.csv"
    log.write_text(
        "timestamp,visitorid,event,itemid,transactionid\n"
        "1433221332117,257597,view,355908,\n"
        "1433222276276,599528,transaction,356475,4000\n"
        "1433223236124,102019,addtocart,290730,\n"
    )
    found = understood(spark, shipped("retailrocket", log), BASKET, PRICE)
    expected = [
        ("257597", "355908", "", "browse", datetime(2015, 6, 2, 5, 2, 12, 117_000), "257597@2015-06-02", None),
        ("599528", "356475", "", "purchase", datetime(2015, 6, 2, 5, 17, 56, 276_000), "4000", None),
        ("102019", "290730", "", "cart", datetime(2015, 6, 2, 5, 33, 56, 124_000), "102019@2015-06-02", None),
    ]
    assertDataFrameEqual(found, spark.createDataFrame(expected, found.schema))


def test_retailrocket_properties_as_they_were_known_on_the_day(spark, tmp_path):
    (tmp_path / "item_properties_part1.csv").write_text(
        "timestamp,itemid,property,value\n"
        "1433041200000,460429,categoryid,1338\n"
        "1433041200000,460429,790,n5400.000\n"
        "1433041200000,460429,available,0\n"
    )
    (tmp_path / "item_properties_part2.csv").write_text(
        "timestamp,itemid,property,value\n"
        "1435460400000,460429,available,1\n"
        "1439694000000,460429,790,n6000.000\n"  # of August, and not yet known
        "unknown,460429,categoryid,1\n"
    )
    source = replace(shipped("retailrocket", tmp_path / "events.csv", tmp_path / "item_properties_part*.csv"), accepted_reject_rate=0.4)
    listed = trusted_rows(read_list(spark, source.products.file.files), source)
    found = catalogue_of_list(listed, source.products.file, source.products.columns, source.time.zone, date(2015, 7, 1)).select(ITEM, CATEGORY, LISTED_PRICE, AVAILABLE)
    assertDataFrameEqual(found, spark.createDataFrame([("460429", "1338", 5400.0, True)], found.schema))


def test_taobao_has_no_header(spark, tmp_path):
    log = tmp_path / "UserBehavior.csv"
    log.write_text("1,2268318,2520377,pv,1511544070\n100,598929,2429887,buy,1511552400\n1,2333346,2520771,fav,1511561733\n7,9,9,cart,1480000000\n")
    found = understood(spark, shipped("taobao", log), DAY, CATEGORY)
    expected = [
        ("1", "2268318", "", "browse", datetime(2017, 11, 24, 17, 21, 10), date(2017, 11, 25), "2520377"),
        ("100", "598929", "", "purchase", datetime(2017, 11, 24, 19, 40), date(2017, 11, 25), "2429887"),
        ("1", "2333346", "", "collect", datetime(2017, 11, 24, 22, 15, 33), date(2017, 11, 25), "2520771"),
        ("7", "9", "outside_period", "cart", datetime(2016, 11, 24, 15, 6, 40), date(2016, 11, 24), "9"),
    ]
    assertDataFrameEqual(found, spark.createDataFrame(expected, found.schema))


def test_online_retail_cancellations_are_returns_and_postage_is_no_product(spark, tmp_path):
    log = tmp_path / "online_retail.csv"
    log.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        '1,85123a,"WHITE  ""HEART"", HOLDER",6.0,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n'
        "C2,85123A,WHITE HEART HOLDER,-1.0,2011-06-01 08:26:00,2.55,17850.0,United Kingdom\n"
        "3,POST,POSTAGE,1.0,2010-12-01 08:26:00,18.0,12583.0,France\n"
        "4,22423,,-10.0,2010-12-01 08:26:00,0.0,,United Kingdom\n"
    )
    found = understood(spark, shipped("online_retail", log), QUANTITY, PRICE, NAME)
    expected = [
        ("17850", "85123A", "", "purchase", datetime(2010, 12, 1, 8, 26), 6.0, 2.55, 'WHITE "HEART", HOLDER'),
        ("17850", "85123A", "", "return", datetime(2011, 6, 1, 7, 26), 1.0, 2.55, "WHITE HEART HOLDER"),
        ("12583", "POST", "not_a_product", "purchase", datetime(2010, 12, 1, 8, 26), 1.0, 18.0, "POSTAGE"),
        (None, "22423", "missing_user,quantity_not_positive,price_not_positive", "purchase", datetime(2010, 12, 1, 8, 26), -10.0, 0.0, None),
    ]
    assertDataFrameEqual(found, spark.createDataFrame(expected, found.schema))


def test_tmall_days_have_no_year(spark, tmp_path):
    log = tmp_path / "tmall.csv"
    log.write_text("user_id,brand_id,type,visit_datetime\n10944750,13451,0,6-4\n10944750,13451,2,8-15\n10944750,13451,1,9-1\n")
    found = understood(spark, shipped("tmall_2014", log), DAY, BASKET, NAME)
    expected = [
        ("10944750", "13451", "", "browse", datetime(2013, 6, 3, 16), date(2013, 6, 4), "10944750@2013-06-04", "Brand 13451"),
        ("10944750", "13451", "", "collect", datetime(2013, 8, 14, 16), date(2013, 8, 15), "10944750@2013-08-15", "Brand 13451"),
        ("10944750", "13451", "outside_period", "purchase", datetime(2013, 8, 31, 16), date(2013, 9, 1), "10944750@2013-09-01", "Brand 13451"),
    ]
    assertDataFrameEqual(found, spark.createDataFrame(expected, found.schema))


def test_complete_journey_days_are_those_of_new_york_and_fuel_is_priced_by_the_gallon(spark, tmp_path):
    lines = spark.createDataFrame(
        [
            (900, 31198570044, 1095275, 2, 1.00, datetime(2017, 1, 2, 4, 30)),
            (909, 31198770125, 6534178, 8725, 20.06, datetime(2017, 1, 1, 14, 23)),
            (909, 31198770125, 999999, 0, 0.0, datetime(2017, 1, 1, 14, 23)),
        ],
        "household_id long, basket_id long, product_id long, quantity long, sales_value double, transaction_timestamp timestamp",
    )
    lines.coalesce(1).write.parquet(str(tmp_path / "transactions.parquet"))
    found = understood(spark, shipped("complete_journey", tmp_path / "transactions.parquet"), DAY, BASKET, QUANTITY, PRICE)
    expected = [
        ("900", "1095275", "", "purchase", datetime(2017, 1, 2, 4, 30), date(2017, 1, 1), "31198570044", 2.0, 0.5),
        ("909", "6534178", "", "purchase", datetime(2017, 1, 1, 14, 23), date(2017, 1, 1), "31198770125", 8.725, 2.2991),
        ("909", "999999", "quantity_not_positive,missing_price", "purchase", datetime(2017, 1, 1, 14, 23), date(2017, 1, 1), "31198770125", 0.0, None),
    ]
    assertDataFrameEqual(found, spark.createDataFrame(expected, found.schema))


def test_complete_journey_products_have_readable_names(spark, tmp_path):
    listed = spark.createDataFrame(
        [
            (1, 69, "GROCERY", "Private", "COLD CEREAL", "KIDS CEREAL", "14.5 OZ"),
            (2, 720, "GROCERY", "National", "FRZN ICE", "ICE - CRUSHED/CUBED", "22 LB"),
            (3, 2, "COUPON", "National", None, None, None),
        ],
        "product_id long, manufacturer_id long, department string, brand string, product_category string, product_type string, package_size string",
    )
    source = shipped("complete_journey", "log.parquet")
    found = catalogue_of_list([listed], source.products.file, source.products.columns, source.time.zone, date(2017, 12, 30)).select(ITEM, NAME, CATEGORY, BRAND, AVAILABLE)
    expected = [
        ("1", "Kids Cereal, own brand, 14.5 oz", "Cold Cereal", "Private", True),
        ("2", "Ice Crushed Cubed, 22 lb", "Frzn Ice", "National", True),
        ("3", "Coupon", "Coupon", "National", False),
    ]
    assertDataFrameEqual(found, spark.createDataFrame(expected, found.schema))


@pytest.mark.parametrize(
    ("form", "write"),
    [
        ("json", lambda rows, path: rows.coalesce(1).write.json(path)),
        ("parquet", lambda rows, path: rows.coalesce(1).write.parquet(path)),
        ("delta", lambda rows, path: rows.write.format("delta").save(path)),
    ],
    ids=("json", "parquet", "delta"),
)
def test_a_log_in_another_format_needs_only_another_word(spark, tmp_path, form, write):
    rows = spark.createDataFrame([("u", "i", "buy", "2020-01-06 09:00:00", 2, 1.5)], "user string, item string, what string, at string, units int, paid double")
    write(rows, str(tmp_path / "log"))
    found = understood(spark, a_source(Path(tmp_path / "log"), files__format=form), QUANTITY, PRICE)
    assertDataFrameEqual(found, spark.createDataFrame([("u", "i", "", "purchase", datetime(2020, 1, 6, 9), 2.0, 1.5)], found.schema))
