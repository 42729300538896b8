from datetime import datetime

from pyspark.testing import assertDataFrameEqual

from recsys.columns import BASKET, BEHAVIOUR, EVENT_ID, ITEM, TIME, USER
from recsys.events.repurchases import with_repurchases

SCHEMA = f"{EVENT_ID} string, {USER} string, {ITEM} string, {BEHAVIOUR} string, {TIME} timestamp, {BASKET} string"


def test_a_repurchase_is_a_purchase_of_what_was_bought_in_an_earlier_basket(spark):
    def at(hour):
        return datetime(2020, 1, 1, hour)

    events = [
        ("first", "u", "a", "purchase", at(8), "b1"),
        ("same basket, later line", "u", "a", "purchase", at(9), "b1"),
        ("another basket of the same moment", "u", "a", "purchase", at(8), "b2"),
        ("later basket", "u", "a", "purchase", at(10), "b3"),
        ("looked at before", "u", "b", "browse", at(7), "b0"),
        ("looked at, then bought", "u", "b", "purchase", at(11), "b4"),
        ("another user", "v", "a", "purchase", at(12), "b5"),
        ("sent back", "u", "a", "return", at(13), "b6"),
        ("wrongly told", "w", "a", "repurchase", at(14), "b7"),
    ]
    told = {"later basket": "repurchase", "wrongly told": "purchase"}
    expected = [(name, user, item, told.get(name, behaviour), time, basket) for name, user, item, behaviour, time, basket in events]
    found = with_repurchases(spark.createDataFrame(events, SCHEMA))
    assertDataFrameEqual(found, spark.createDataFrame(expected, SCHEMA))
