"""What an input row must fulfil to become an event. Each rule is a reason and the condition that breaks it."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.events.mapping import BAD_NUMBER, TIME_TEXT
from recsys.events.reading import CORRUPT
from recsys.events.source import Expression, Source, TimeSettings

IGNORED, UNKNOWN, MALFORMED = "ignored_behaviour", "unknown_behaviour", "malformed_row"
_CONTROL = r"[\p{Cc}\p{Zl}\p{Zp}]"  # in an id: no shop means it, and numpy forgets a zero byte at its end
_LARGEST = 1e12  # pieces, a price, an amount; what is above was another column, and sums of it would leave 64 bits
_UNDECODABLE = "\ufffd"  # what a decoder writes for bytes that its encoding does not have


def broken_rules(source: Source) -> Column:
    """Every reason why a row of `to_canonical` is no event, in a fixed order; empty for a good row.

    A malformed row has that one reason: nothing that it seems to say can be trusted. So has a row of an ignored behaviour:
    a search has no product, and need not have one.
    """
    broken = {
        "undecodable_text": F.col(c.RAW).contains(_UNDECODABLE),
        "control_character": F.concat(F.coalesce(c.USER, F.lit("")), F.coalesce(c.ITEM, F.lit(""))).rlike(_CONTROL),
        "missing_user": F.col(c.USER).isNull(),
        "missing_item": F.col(c.ITEM).isNull(),
        "missing_time": F.col(TIME_TEXT).isNull(),
        "unparsable_time": F.col(TIME_TEXT).isNotNull() & F.col(c.TIME).isNull(),
        "outside_period": outside(source.time),
        "missing_behaviour": F.col(c.CODE).isNull(),
        UNKNOWN: F.col(c.CODE).isNotNull() & F.col(c.BEHAVIOUR).isNull(),
        "not_a_product": F.col(c.ITEM).rlike(source.non_products) if source.non_products else F.lit(False),
        "unparsable_number": F.col(BAD_NUMBER),
        "number_too_large": F.greatest(F.col(c.QUANTITY), F.col(c.PRICE), F.col(c.QUANTITY) * F.col(c.PRICE)) > _LARGEST,
        "quantity_not_positive": F.col(c.QUANTITY) <= 0,
        "missing_quantity": _missing_of_a_sale(c.QUANTITY, source.events.quantity),
        "price_not_positive": F.col(c.PRICE) <= 0,
        "missing_price": _missing_of_a_sale(c.PRICE, source.events.price),
    }
    reasons = F.array_compact(F.array(*(F.when(condition, F.lit(reason)) for reason, condition in broken.items())))
    alone = F.when(F.col(CORRUPT).isNotNull(), F.array(F.lit(MALFORMED))).when(ignored(source), F.array(F.lit(IGNORED)))
    return alone.otherwise(reasons)


def outside(period: TimeSettings) -> Column:
    """The local day lies before the first or after the last day of the log."""
    too_early = F.col(c.DAY) < F.lit(period.first_day) if period.first_day else F.lit(False)
    too_late = F.col(c.DAY) > F.lit(period.last_day) if period.last_day else F.lit(False)
    return too_early | too_late


def ignored(source: Source) -> Column:
    """The code is known and means nothing here."""
    return F.coalesce(F.col(c.CODE).isin(*source.ignored_behaviours), F.lit(False))


def _missing_of_a_sale(name: str, stated: Expression | None) -> Column:
    """A sale or a return has no `name`, in a log that states it. Other behaviours may do without."""
    if stated is None:
        return F.lit(False)
    return F.col(name).isNull() & ~F.col(BAD_NUMBER) & F.col(c.BEHAVIOUR).isin(c.PURCHASE, c.RETURN)
