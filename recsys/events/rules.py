"""What an input row must fulfil to become an event. Each rule is a reason and the condition that breaks it."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.events.mapping import BAD_NUMBER, TIME_TEXT
from recsys.events.reading import CORRUPT
from recsys.events.source import Source, TimeSettings

IGNORED, UNKNOWN, MALFORMED = "ignored_behaviour", "unknown_behaviour", "malformed_row"
_CONTROL = r"[\p{Cc}\p{Zl}\p{Zp}]"  # in an id: no shop means it, and numpy forgets a zero byte at its end
_UNDECODABLE = "\ufffd"  # what a decoder writes for bytes that its encoding does not have


def broken_rules(source: Source) -> Column:
    """Every reason why a row of `to_canonical` is no event, in a fixed order; empty for a good row.

    A malformed row has that one reason: nothing that it seems to say can be trusted.
    """
    broken = {
        "undecodable_text": F.col(c.RAW).contains(_UNDECODABLE),
        "control_character": F.concat(F.coalesce(c.USER, F.lit("")), F.coalesce(c.ITEM, F.lit(""))).rlike(_CONTROL),
        "missing_user": F.col(c.USER).isNull(),
        "missing_item": F.col(c.ITEM).isNull(),
        "missing_time": F.col(TIME_TEXT).isNull(),
        "unparsable_time": F.col(TIME_TEXT).isNotNull() & F.col(c.TIME).isNull(),
        "outside_period": outside(source.time),
        IGNORED: ignored(source),
        "missing_behaviour": F.col(c.CODE).isNull(),
        UNKNOWN: F.col(c.CODE).isNotNull() & F.col(c.BEHAVIOUR).isNull() & ~ignored(source),
        "not_a_product": F.col(c.ITEM).rlike(source.non_products) if source.non_products else F.lit(False),
        "unparsable_number": F.col(BAD_NUMBER),
        "quantity_not_positive": F.col(c.QUANTITY) <= 0,
        "missing_quantity": missing_quantity(source),
        "price_not_positive": F.col(c.PRICE) <= 0,
        "missing_price": missing_price(source),
    }
    reasons = F.array_compact(F.array(*(F.when(condition, F.lit(reason)) for reason, condition in broken.items())))
    return F.when(F.col(CORRUPT).isNotNull(), F.array(F.lit(MALFORMED))).otherwise(reasons)


def outside(period: TimeSettings) -> Column:
    """The local day lies before the first or after the last day of the log."""
    too_early = F.col(c.DAY) < F.lit(period.first_day) if period.first_day else F.lit(False)
    too_late = F.col(c.DAY) > F.lit(period.last_day) if period.last_day else F.lit(False)
    return too_early | too_late


def ignored(source: Source) -> Column:
    """The code is known and means nothing here."""
    return F.coalesce(F.col(c.CODE).isin(*source.ignored_behaviours), F.lit(False))


def missing_quantity(source: Source) -> Column:
    """A sale or a return has no quantity, in a log that states quantities. Other behaviours may do without."""
    if source.events.quantity is None:
        return F.lit(False)
    return F.col(c.QUANTITY).isNull() & ~F.col(BAD_NUMBER) & F.col(c.BEHAVIOUR).isin(c.PURCHASE, c.RETURN)


def missing_price(source: Source) -> Column:
    """A sale or a return has no price, in a log that states prices. Other behaviours may do without."""
    if source.events.price is None:
        return F.lit(False)
    return F.col(c.PRICE).isNull() & ~F.col(BAD_NUMBER) & F.col(c.BEHAVIOUR).isin(c.PURCHASE, c.RETURN)
