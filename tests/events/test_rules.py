from datetime import date

from pyspark.testing import assertDataFrameEqual
from shop import a_source

from recsys.columns import ITEM, REASONS
from recsys.events.intake import understand

GOOD = ("u", "good", "buy", "2020-01-02 10:00:00", "1", "2.5")


def judged(spark, rows, source):
    raw = spark.createDataFrame(
        [(*row, *[None] * (7 - len(row)), "f") for row in rows],
        "user string, item string, what string, at string, units string, paid string, _corrupt_record string, source_file string",
    )
    return understand(raw, source).select(ITEM, REASONS)


def test_every_rule_names_its_own_reason(spark):
    rows = [
        GOOD,
        (None, "no user", *GOOD[2:]),
        ("u", " ", *GOOD[2:]),
        ("u", "no time", "buy", None, "1", "2.5"),
        ("u", "odd time", "buy", "10 o'clock", "1", "2.5"),
        ("u", "too early", "buy", "2019-12-31 23:59:59", "1", "2.5"),
        ("u", "too late", "buy", "2020-02-01 00:00:00", "1", "2.5"),
        ("u", "odd code", "wave", *GOOD[3:]),
        ("u", "no code", None, *GOOD[3:]),
        ("u", "ignored code", "sneeze", *GOOD[3:]),
        (None, None, "sneeze", "10 o'clock", "-1", "cheap"),
        ("u", "POST", *GOOD[2:]),
        ("u", "odd number", *GOOD[2:5], "cheap"),
        ("u", "a bar code as units", *GOOD[2:4], "5012345678900", "2.5"),
        ("u", "too dear together", *GOOD[2:4], "1e7", "1e6"),
        ("u", "no units", *GOOD[2:4], "0", "2.5"),
        ("u", "units unknown", *GOOD[2:4], None, "2.5"),
        ("u", "free", *GOOD[2:5], "0"),
        ("u", "no price", *GOOD[2:5], None),
        ("u", "looked at without price", "view", *GOOD[3:5], None),
        ("u", "looked at without units", "view", GOOD[3], None, "2.5"),
        ("u", "looked at with odd units", "view", GOOD[3], "few", "2.5"),
        ("u", "sent back without units", "back", GOOD[3], None, "2.5"),
        ("u", "br\ufffdken", *GOOD[2:]),
        (None, "two reasons", *GOOD[2:5], "-1"),
        (None, "cut off", None, None, None, None, "x,cut off"),
    ]
    source = a_source(
        "f", time__first_day=date(2020, 1, 1), time__last_day=date(2020, 1, 31), non_products="^POST$", ignored_behaviours=["sneeze"],
    )
    expected = [
        ("good", []), ("no user", ["missing_user"]), (None, ["missing_item"]), ("no time", ["missing_time"]),
        ("odd time", ["unparsable_time"]), ("too early", ["outside_period"]), ("too late", ["outside_period"]),
        ("odd code", ["unknown_behaviour"]), ("no code", ["missing_behaviour"]), ("ignored code", ["ignored_behaviour"]), (None, ["ignored_behaviour"]),
        ("POST", ["not_a_product"]), ("odd number", ["unparsable_number"]),
        ("a bar code as units", ["number_too_large"]), ("too dear together", ["number_too_large"]), ("no units", ["quantity_not_positive"]),
        ("units unknown", ["missing_quantity"]), ("free", ["price_not_positive"]), ("no price", ["missing_price"]),
        ("looked at without price", []), ("looked at without units", []), ("looked at with odd units", ["unparsable_number"]),
        ("sent back without units", ["missing_quantity"]), ("br\ufffdken", ["undecodable_text"]), ("two reasons", ["missing_user", "price_not_positive"]),
        ("cut off", ["malformed_row"]),
    ]
    found = judged(spark, rows, source)
    assertDataFrameEqual(found, spark.createDataFrame(expected, found.schema))


def test_a_log_without_prices_and_quantities_needs_none(spark):
    source = a_source("f", events={"user_id": "user", "item_id": "item", "behaviour": "what", "event_time": "at"})
    found = judged(spark, [("u", "i", "buy", "2020-01-02 10:00:00", None, None)], source)
    assertDataFrameEqual(found, spark.createDataFrame([("i", [])], found.schema))
