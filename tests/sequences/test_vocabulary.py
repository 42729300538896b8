from datetime import date

from pyspark.testing import assertDataFrameEqual

from recsys.columns import ITEM, USER
from recsys.sequences.vocabulary import number_products
from recsys.settings import SequenceSettings
from recsys.tables import VOCABULARY

DS = date(2026, 1, 31)
SCHEMA = ", ".join(f"{name} {kind}" for name, kind in VOCABULARY.columns.items())


def test_products_are_numbered_by_events_then_users_then_id_and_rare_ones_are_left_out(spark):
    history = spark.createDataFrame([
        ("u1", "tea"), ("u2", "tea"), ("u2", "tea"), ("u2", "tea"),
        ("u1", "jam"), ("u2", "jam"),
        ("u1", "ham"), ("u2", "ham"),
        ("u1", "rare"), ("u1", "rare"), ("u1", "rare"), ("u1", "rare"), ("u1", "rare"),
    ], [USER, ITEM])
    expected = spark.createDataFrame([("tea", 1, 4, 2, DS), ("ham", 2, 2, 2, DS), ("jam", 3, 2, 2, DS)], SCHEMA)
    assertDataFrameEqual(number_products(history, SequenceSettings(min_item_users=2), DS), expected)


def test_of_equally_frequent_products_the_one_with_more_users_is_kept(spark):
    history = spark.createDataFrame([
        ("u1", "ant"), ("u2", "ant"), ("u2", "ant"), ("u1", "bee"), ("u2", "bee"), ("u3", "bee"),
    ], [USER, ITEM])
    expected = spark.createDataFrame([("bee", 1, 3, 3, DS)], SCHEMA)
    assertDataFrameEqual(number_products(history, SequenceSettings(min_item_users=2, max_items=1), DS), expected)
