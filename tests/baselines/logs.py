"""Small logs for tests: an event is written as (user, product, day) or (user, product, day, basket)."""

from datetime import date, datetime, timedelta

from recsys import columns as c

_FIRST_DAY = date(2026, 1, 1)
_SCHEMA = ", ".join([
    f"{c.EVENT_ID} string", f"{c.USER} string", f"{c.ITEM} string", f"{c.BEHAVIOUR} string", f"{c.TIME} timestamp",
    f"{c.BASKET} string", f"{c.RATING} double", f"{c.DAY} date",
])


def day(number: int) -> date:
    return _FIRST_DAY + timedelta(days=number - 1)


def log(spark, events, behaviour=c.PURCHASE, rating=None):
    """Events in the order given; `event_id` rises with it, so that events of one day are in this order too."""
    rows = [
        (f"e{place:03d}", user, item, behaviour, datetime.combine(day(number), datetime.min.time()), *(basket or [None]), rating, day(number))
        for place, (user, item, number, *basket) in enumerate(events)
    ]
    return spark.createDataFrame(rows, _SCHEMA)


def users(spark, *names):
    return spark.createDataFrame([(name,) for name in names], f"{c.USER} string")


def lists(spark, *rows):
    """(user, product, rank)"""
    return spark.createDataFrame(list(rows), f"{c.USER} string, {c.ITEM} string, {c.RANK} int")
