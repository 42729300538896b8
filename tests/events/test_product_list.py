from datetime import date

import pytest
from pyspark.testing import assertDataFrameEqual
from shop import a_source, write_log

from recsys.columns import ITEM, NAME
from recsys.events.product_list import trusted_rows
from recsys.events.products import LISTED_PRICE, catalogue_of_list
from recsys.events.reading import read_list
from recsys.faults import BadData

HEADER = "id,title,shelf,cost,since"
GOOD = ("10,Salt,Dry,0.50,", "11,Eggs,Dairy,3.00,2020-01-01")
BROKEN = ("12,Milk, whole,Dairy,2.50,2020-01-01", ",Nothing,Dairy,1.00,2020-01-01", "13,Tomorrow,Dry,9.00,soon", "14,Cut short", "15,Any day,Dry,9.00,10:15:00")


def a_shop(path, rate):
    file = {"files": {"path": str(path)}, "item_id": "id", "price": "cost", "known_from": "since"}
    return a_source("log.csv", products={"columns": {"name": "title"}, "file": file}, accepted_reject_rate=rate)


def test_broken_rows_of_a_product_list_are_left_out_and_counted(spark, tmp_path, caplog):
    source = a_shop(write_log(tmp_path / "list.csv", *GOOD, *BROKEN, header=HEADER), rate=0.8)
    with caplog.at_level("WARNING"):
        listed = trusted_rows(read_list(spark, source.products.file.files), source)
    found = catalogue_of_list(listed, source.products.file, source.products.columns, source.time.zone, date(2020, 1, 31)).select(ITEM, NAME, LISTED_PRICE)
    assertDataFrameEqual(found, spark.createDataFrame([("10", "Salt", 0.5), ("11", "Eggs", 3.0)], found.schema))
    assert "list.csv: 5 of 7 rows of the product list are broken (malformed_row 2, unreadable_known_from 2, missing_item 1)" in caplog.text


def test_a_product_list_with_too_many_broken_rows_is_refused_with_one_of_them(spark, tmp_path):
    source = a_shop(write_log(tmp_path / "list.csv", *GOOD, BROKEN[0], header=HEADER), rate=0.3)
    with pytest.raises(BadData) as fault:
        trusted_rows(read_list(spark, source.products.file.files), source)
    for part in ("list.csv: 1 of 3 rows", "33.33%, and source shop accepts 30.00%", "12,Milk, whole,Dairy,2.50", "quotation marks", "nothing was written"):
        assert part in str(fault.value), str(fault.value)


def test_files_of_a_product_list_with_columns_of_other_types_are_each_read_by_their_own(spark, tmp_path):
    spark.createDataFrame([("00123", "Salt", 0.5), ("A12", "Eggs", 3.0)], "id string, title string, cost double").write.parquet(str(tmp_path / "list" / "1"))
    spark.createDataFrame([(17, "1.25")], "id bigint, cost string").write.parquet(str(tmp_path / "list" / "2"))  # and without titles
    file = {"files": {"path": str(tmp_path / "list" / "*"), "format": "parquet"}, "item_id": "id", "price": "cost"}
    source = a_source("log.csv", products={"columns": {"name": "title"}, "file": file})
    listed = trusted_rows(read_list(spark, source.products.file.files), source)
    found = catalogue_of_list(listed, source.products.file, source.products.columns, "UTC", date(2020, 1, 31)).select(ITEM, NAME, LISTED_PRICE)
    assertDataFrameEqual(found, spark.createDataFrame([("00123", "Salt", 0.5), ("A12", "Eggs", 3.0), ("17", None, 1.25)], found.schema))
