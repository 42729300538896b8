from datetime import date

from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from recsys.columns import ITEM, ITEM_INDEX, USER
from recsys.sequences.vocabulary import newcomers_of, number_newcomers, number_products, numbered, of_all
from recsys.settings import SequenceSettings
from recsys.split import PUSH, TEST, TRAIN
from recsys.tables import NEWCOMERS, VOCABULARY

DS, DAY_BEFORE = date(2026, 1, 31), date(2026, 1, 30)
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


def test_newcomers_are_numbered_after_what_was_learned_by_the_same_rule_and_are_few(spark):
    history = spark.createDataFrame([
        ("u1", "tea"), ("u2", "tea"), ("u1", "new"), ("u2", "new"), ("u1", "newer"), ("u2", "newer"), ("u2", "newer"), ("u1", "rare"),
    ], [USER, ITEM])
    vocabulary = spark.createDataFrame([("tea", 1, 4, 2, DAY_BEFORE), ("gone", 2, 2, 2, DAY_BEFORE)], SCHEMA)
    schema = ", ".join(f"{name} {kind}" for name, kind in NEWCOMERS.columns.items())

    def found(most):
        return number_newcomers(history, vocabulary, SequenceSettings(min_item_users=2, max_items=most), DS, DAY_BEFORE)

    newer = ("newer", 3, 3, 2, DAY_BEFORE, DS)
    assertDataFrameEqual(found(20), spark.createDataFrame([newer, ("new", 4, 2, 2, DAY_BEFORE, DS)], schema))
    assertDataFrameEqual(found(10), spark.createDataFrame([newer], schema))


def test_newcomers_have_a_number_in_push_alone(spark):
    vocabulary = spark.createDataFrame([("tea", 1)], f"{ITEM} string, {ITEM_INDEX} int")
    new, none = spark.createDataFrame([("new", 2)], vocabulary.schema), spark.createDataFrame([], vocabulary.schema)

    def rows(splits, newcomers):
        found = of_all(numbered(splits, vocabulary, newcomers), lambda some, known: known.select(F.explode(F.array(*map(F.lit, some))), ITEM, ITEM_INDEX))
        return sorted(map(tuple, found.collect()))

    learned = [(TEST, "tea", 1), (TRAIN, "tea", 1)]
    assert rows((TRAIN, TEST, PUSH), new) == [(PUSH, "new", 2), (PUSH, "tea", 1), *learned]
    assert rows((TRAIN, TEST, PUSH), none) == [(PUSH, "tea", 1), *learned]
    assert rows((PUSH,), new) == [(PUSH, "new", 2), (PUSH, "tea", 1)] and rows((TRAIN, TEST), new) == learned


def test_newcomers_are_read_in_the_order_of_their_numbers(spark, lake):
    lake.replace_day(lake.frame([("b", 4, 1, 1, DAY_BEFORE), ("a", 5, 1, 1, DAY_BEFORE), ("c", 3, 1, 1, DAY_BEFORE)], NEWCOMERS, DS), NEWCOMERS, DS)
    assert newcomers_of(lake, DS) == ("c", "b", "a")
