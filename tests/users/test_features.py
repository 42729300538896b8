from datetime import date, datetime

import pytest
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.settings import SplitSettings
from recsys.split import PUSH, TEST, TRAIN
from recsys.tables import EVENTS, PRODUCTS, USER_FEATURES, in_contract
from recsys.users.attributes import ATTRIBUTES, HEAVY_TAILED
from recsys.users.features import user_features

DS = date(2024, 1, 10)  # a Wednesday
SPLIT = SplitSettings(test_days=2, validation_days=1)  # train to the 7th, validation the 8th, test the 9th and 10th


@pytest.fixture
def log(spark):
    """Build events from (event_id, user, item, behaviour, day of January 2024, hour, basket, quantity, price)."""

    def build(*rows):
        full = [
            (event, user, item, behaviour, datetime(2024, 1, day, hour), basket, quantity, price, None, "s", "f", date(2024, 1, day))
            for event, user, item, behaviour, day, hour, basket, quantity, price in rows
        ]
        return spark.createDataFrame(full, ", ".join(f"{name} {kind}" for name, kind in EVENTS.columns.items()))

    return build


@pytest.fixture
def products(spark):
    rows = [(item, item, 1.0, category, None, True, DS) for item, category in [("tea", "drinks"), ("milk", "drinks"), ("bread", "food")]]
    return spark.createDataFrame(rows, ", ".join(f"{name} {kind}" for name, kind in PRODUCTS.columns.items()))


def test_each_split_counts_its_own_history_and_dates_it_from_its_own_last_day(spark, log, products):
    events = log(
        ("e1", "ann", "tea", "browse", 1, 9, "b1", 1.0, None),
        ("e2", "ann", "tea", "purchase", 7, 9, "b2", 1.0, 2.0),
        ("e3", "ann", "tea", "repurchase", 9, 9, "b3", 1.0, 2.0),
        ("e4", "ann", "tea", "repurchase", 11, 9, "b4", 1.0, 2.0),  # after ds: unseen
        ("e5", "ben", "tea", "browse", 8, 9, "b5", 1.0, None),
    )
    features = user_features(events, products, SPLIT, DS, (TRAIN, TEST, PUSH), "UTC")
    expected = spark.createDataFrame(
        [
            # the train history ends on the 7th after 7 days, test on the 8th, push on the 10th; "never" is their length
            ("ann", TRAIN, 1.0, 1.0, 0.0, 6.0, 0.0, 7.0, 6.0),
            ("ann", TEST, 1.0, 1.0, 0.0, 7.0, 1.0, 8.0, 7.0),
            ("ann", PUSH, 1.0, 1.0, 1.0, 9.0, 3.0, 1.0, 9.0),
            ("ben", TEST, 1.0, 0.0, 0.0, 0.0, 8.0, 8.0, 0.0),
            ("ben", PUSH, 1.0, 0.0, 0.0, 2.0, 10.0, 10.0, 2.0),
        ],
        [c.USER, c.SPLIT, "n_browse", "n_purchase", "n_repurchase", "days_since_browse", "days_since_purchase",
         "days_since_repurchase", "tenure_days"],
    )
    assertDataFrameEqual(features.select(expected.columns), expected)


def test_returns_enter_the_return_attributes_and_nothing_else(spark, log, products):
    events = log(
        ("e1", "ann", "tea", "purchase", 2, 9, "b1", 3.0, 4.0),
        ("e2", "ann", "tea", "return", 6, 20, "b2", -1.0, 4.0),
        ("e3", "ben", "tea", "return", 7, 9, "b3", 1.0, 5.0),  # nothing else: no row
    )
    features = user_features(events, products, SPLIT, DS, (TRAIN,), "UTC")
    expected = spark.createDataFrame(
        [("ann", 1.0, 12.0, 4.0, 0.25, 1.0, 1.0, 5.0, 0.0)],
        [c.USER, "n_return", "spend", "returned_value", "returned_share", "n_items", "n_visits", "tenure_days", "evening_share"],
    )
    assertDataFrameEqual(features.select(expected.columns), expected)


def test_money_counts_baskets_and_pieces_not_lines(spark, log, products):
    events = log(
        ("e1", "ann", "tea", "purchase", 2, 9, "b1", 2.0, 1.5),
        ("e2", "ann", "bread", "purchase", 2, 9, "b1", 1.0, 3.0),
        ("e3", "ann", "tea", "repurchase", 5, 9, "b2", 1.0, 1.5),
        ("e4", "ann", "milk", "browse", 6, 9, "b3", 1.0, 9.0),
    )
    features = user_features(events, products, SPLIT, DS, (TRAIN,), "UTC")
    expected = spark.createDataFrame(
        [("ann", 7.5, 1.875, 3.75, 1 / 3)], [c.USER, "spend", "mean_price", "mean_basket_value", "repurchase_share"]
    )
    assertDataFrameEqual(features.select(expected.columns), expected)


def test_diversity_is_the_number_and_the_entropy_of_products_and_of_categories(spark, log, products):
    events = log(
        ("e1", "ann", "tea", "browse", 1, 9, "b1", 1.0, None),
        ("e2", "ann", "tea", "browse", 1, 9, "b1", 1.0, None),
        ("e3", "ann", "milk", "browse", 1, 9, "b1", 1.0, None),
        ("e4", "ann", "bread", "browse", 1, 9, "b1", 1.0, None),
        ("e5", "ben", "tea", "browse", 1, 9, "b2", 1.0, None),
        ("e6", "ben", "not listed", "browse", 1, 9, "b2", 1.0, None),
    )
    features = user_features(events, products, SPLIT, DS, (TRAIN,), "UTC")
    expected = spark.createDataFrame(
        [
            ("ann", 3.0, 2.0, 1.039720771, 0.562335145),  # 1/2, 1/4, 1/4 and 3/4, 1/4
            ("ben", 2.0, 2.0, 0.693147181, 0.693147181),
        ],
        [c.USER, "n_items", "n_categories", "item_entropy", "category_entropy"],
    )
    assertDataFrameEqual(features.select(expected.columns), expected, rtol=0, atol=1e-9)


def test_cadence_is_measured_between_days_of_visiting(spark, log, products):
    events = log(
        ("e1", "ann", "tea", "browse", 1, 9, "b1", 1.0, None),
        ("e2", "ann", "tea", "browse", 1, 18, "b2", 1.0, None),
        ("e3", "ann", "tea", "browse", 2, 9, "b3", 1.0, None),
        ("e4", "ann", "tea", "browse", 6, 9, "b4", 1.0, None),  # a Saturday
        ("e5", "ben", "tea", "browse", 3, 9, None, 1.0, None),
        ("e6", "ben", "tea", "browse", 3, 9, None, 1.0, None),
    )
    features = user_features(events, products, SPLIT, DS, (TRAIN,), "UTC")
    expected = spark.createDataFrame(
        # gaps of 1 and 4 days: mean 2.5, deviation 1.5; ben came on one day of the seven that the log has
        [("ann", 4.0, 2.5, 1.5, 0.25, 0.75, 0.25), ("ben", 1.0, 7.0, 0.0, 0.0, 1.0, 0.0)],
        [c.USER, "n_visits", "mean_gap_days", "gap_deviation_days", "weekend_share", "morning_share", "evening_share"],
    )
    assertDataFrameEqual(features.select(expected.columns), expected)


def test_morning_and_evening_are_told_by_the_clock_of_the_shop(log, products):
    events = log(
        ("e1", "ann", "tea", "browse", 2, 4, "b1", 1.0, None),  # noon in Shanghai
        ("e2", "ann", "tea", "browse", 3, 10, "b2", 1.0, None),  # six in the evening there
        ("e3", "ann", "tea", "browse", 4, 22, "b3", 1.0, None),  # six in the morning there
        ("e4", "ann", "tea", "browse", 5, 20, "b4", 1.0, None),  # four in the morning there
    )
    shares = {
        zone: tuple(user_features(events, products, SPLIT, DS, (TRAIN,), zone).select("morning_share", "evening_share").first())
        for zone in ("UTC", "Asia/Shanghai")
    }
    assert shares == {"UTC": (0.5, 0.5), "Asia/Shanghai": (0.5, 0.25)}


def test_a_source_without_prices_baskets_and_quantities_has_all_attributes_and_no_hole(spark, log, products):
    events = log(("e1", "ann", "tea", "browse", 1, 0, None, None, None), ("e2", "ann", "tea", "purchase", 2, 0, None, None, None))
    features = user_features(events, products, SPLIT, DS, (TRAIN,), "UTC")
    holes = features.where(" OR ".join(f"{name} IS NULL OR isnan({name})" for name in ATTRIBUTES))
    assert in_contract(features, USER_FEATURES).columns == [c.USER, c.SPLIT, c.DAY, *ATTRIBUTES]
    assertDataFrameEqual(holes, features.limit(0))
    expected = spark.createDataFrame([("ann", 0.0, 0.0, 0.0, 2.0)], [c.USER, "spend", "mean_price", "mean_basket_value", "n_visits"])
    assertDataFrameEqual(features.select(expected.columns), expected)


def test_leave_one_out_hides_the_last_two_behaviours_whatever_was_returned(spark, log, products):
    events = log(
        ("e1", "ann", "tea", "purchase", 1, 9, "b1", 1.0, 1.0),
        ("e2", "ann", "milk", "purchase", 2, 9, "b2", 1.0, 1.0),
        ("e3", "ann", "bread", "purchase", 3, 9, "b3", 1.0, 1.0),
        ("e4", "ann", "bread", "return", 4, 9, "b4", 1.0, 1.0),
    )
    features = user_features(events, products, SplitSettings(kind="leave_one_out"), DS, (TRAIN, TEST, PUSH), "UTC")
    expected = spark.createDataFrame(
        [("ann", TRAIN, 1.0, 0.0, 9.0), ("ann", TEST, 2.0, 0.0, 8.0), ("ann", PUSH, 3.0, 0.0, 7.0)],
        [c.USER, c.SPLIT, "n_purchase", "n_return", "days_since_purchase"],
    )
    assertDataFrameEqual(features.select(expected.columns), expected)


def test_features_do_not_depend_on_the_order_of_rows(log, products):
    rows = [(f"e{n}", "ann", f"item{n % 7}", "purchase", 1 + n % 6, n % 24, f"b{n % 5}", 1.0 + n % 3, 0.1 * n) for n in range(60)]
    forwards = user_features(log(*rows), products, SPLIT, DS, (TRAIN,), "UTC")
    backwards = user_features(log(*reversed(rows)).repartition(3, F.col(c.ITEM)), products, SPLIT, DS, (TRAIN,), "UTC")
    assert forwards.collect() == backwards.collect()


def test_every_heavy_tailed_attribute_is_an_attribute():
    assert HEAVY_TAILED < set(ATTRIBUTES) and len(set(ATTRIBUTES)) == len(ATTRIBUTES)
