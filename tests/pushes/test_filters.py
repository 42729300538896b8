from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.pushes.filters import BANNED, bought, eligible, not_eligible, with_banned
from recsys.settings import PushSettings

PRODUCTS = f"{c.ITEM} string, {c.NAME} string, {c.PRICE} double, {c.AVAILABLE} boolean"


def test_a_pushed_product_has_a_name_a_price_and_is_on_sale(spark):
    products = spark.createDataFrame([
        ("a", "Apple", 1.0, True), ("b", "Bread", 2.0, False), ("c", "Corn", 3.0, None),
        ("d", None, 4.0, True), ("e", "Egg", None, True),
    ], PRODUCTS)
    names = f"{c.ITEM} string, {c.NAME} string, {c.PRICE} double"

    on_sale = eligible(products, PushSettings())
    whatever = eligible(products, PushSettings(drop_unavailable=False))

    assertDataFrameEqual(on_sale, spark.createDataFrame([("a", "Apple", 1.0), ("c", "Corn", 3.0)], names))
    assertDataFrameEqual(whatever, spark.createDataFrame([("a", "Apple", 1.0), ("b", "Bread", 2.0), ("c", "Corn", 3.0)], names))


def test_the_model_must_not_push_what_is_not_eligible(spark):
    vocabulary = spark.createDataFrame([("a", 1), ("b", 2)], [c.ITEM, c.ITEM_INDEX])
    products = spark.createDataFrame([("a", "Apple", 1.0)], [c.ITEM, c.NAME, c.PRICE])

    assertDataFrameEqual(not_eligible(vocabulary, products), spark.createDataFrame([("b",)], [c.ITEM]))


def test_bought_products_are_banned_by_index_only_if_settings_drop_them(spark):
    events = spark.createDataFrame([
        ("ann", "b", c.PURCHASE), ("ann", "a", c.REPURCHASE), ("ann", "c", c.BROWSE), ("bob", "rare", c.PURCHASE),
    ], [c.USER, c.ITEM, c.BEHAVIOUR])
    vocabulary = spark.createDataFrame([("a", 1), ("b", 2), ("c", 3)], f"{c.ITEM} string, {c.ITEM_INDEX} int")
    sequences = spark.createDataFrame([("ann",), ("bob",)], [c.USER])

    dropped = bought(events, PushSettings(drop_bought=True))
    kept = bought(events, PushSettings(drop_bought=False))

    arrays = f"{c.USER} string, {c.ITEMS} array<string>"
    assertDataFrameEqual(dropped, spark.createDataFrame([("ann", ["a", "b"]), ("bob", ["rare"])], arrays))
    assertDataFrameEqual(kept, spark.createDataFrame([], arrays))
    banned = with_banned(sequences, dropped, vocabulary)
    assertDataFrameEqual(banned, spark.createDataFrame([("ann", [1, 2]), ("bob", None)], f"{c.USER} string, {BANNED} array<int>"))
