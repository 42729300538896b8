"""The products as known at the end of a day: name, price, category, brand and availability."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.events.expressions import clean, number, text_value, typed_value
from recsys.events.mapping import timestamp
from recsys.events.source import ProductColumns, ProductFile, ProductSettings
from recsys.tables import PRODUCTS

LISTED_PRICE, SALE_PRICE, SEEN_PRICE, LAST_DAY = "listed_price", "sale_price", "seen_price", "last_day"
_KNOWN_FROM = "known_from"
_DESCRIPTIONS = (c.NAME, c.CATEGORY, c.BRAND)


def products(events: DataFrame, catalogue: DataFrame, settings: ProductSettings, ds: date) -> DataFrame:
    """One row for every product of the catalogue or of the events up to `ds`; name and price are never null.

    `settings.price` says which price leads: that of the latest sale, or the listed one. Either falls back on the
    other, then on the latest price seen in any event, then on `settings.unknown_price`.
    """
    known = catalogue.join(prices(events.where(F.col(c.DAY) <= F.lit(ds))), on=c.ITEM, how="full_outer")
    leading = [LISTED_PRICE, SALE_PRICE] if settings.price == "listed" else [SALE_PRICE, LISTED_PRICE]
    rows = known.withColumns({
        c.NAME: F.coalesce(c.NAME, F.concat(F.lit("Product "), c.ITEM)),
        c.PRICE: F.coalesce(*leading, SEEN_PRICE, F.lit(settings.unknown_price)),
        c.AVAILABLE: F.coalesce(c.AVAILABLE, F.lit(True)) & _active(settings, ds),
        c.DAY: F.lit(ds),
    })
    return rows.select(*PRODUCTS.columns)


def prices(events: DataFrame) -> DataFrame:
    """The price of every product's latest sale, its latest price of any kind, and the day it was last seen.

    Lines of one moment are ordered by `event_id`, so that the price does not depend on the order of a file.
    """
    priced = F.struct(c.TIME, c.EVENT_ID, c.PRICE)
    has_price = F.col(c.PRICE).isNotNull()
    sold = has_price & F.col(c.BEHAVIOUR).isin(*c.BOUGHT)
    return events.groupBy(c.ITEM).agg(
        F.max(F.when(sold, priced))[c.PRICE].alias(SALE_PRICE),
        F.max(F.when(has_price, priced))[c.PRICE].alias(SEEN_PRICE),
        F.max(c.DAY).alias(LAST_DAY),
    )


def catalogue_of_log(mentions: DataFrame, ds: date) -> DataFrame:
    """The catalogue as the log words it: the most frequent wording up to `ds`, of equals the alphabetically first."""
    seen = mentions.where(F.col(c.DAY) <= F.lit(ds))
    rows = seen.select(c.ITEM).distinct()
    for name in _DESCRIPTIONS:
        counted = seen.where(F.col(name).isNotNull()).groupBy(c.ITEM, name).agg(F.sum(c.ROWS).alias(c.ROWS))
        favourite = F.min(F.struct(-F.col(c.ROWS), F.col(name)))[name]
        rows = rows.join(counted.groupBy(c.ITEM).agg(favourite.alias(name)), on=c.ITEM, how="left")
    unlisted = {LISTED_PRICE: F.lit(None).cast("double"), c.AVAILABLE: F.lit(None).cast("boolean")}
    return rows.withColumns(unlisted)


def catalogue_of_list(raw: Sequence[DataFrame], file: ProductFile, columns: ProductColumns, zone: str, ds: date) -> DataFrame:
    """The catalogue of a product list. Where it has several rows for a product, each column takes its latest value.

    "Latest" goes by `known_from`, without which a row was always known; rows of equal standing are decided by the
    greatest value, whatever their order.

    Args:
        raw: from `product_list.trusted_rows`; each frame is mapped by its own types.
        zone: the shop's, in which days begin.
    """
    rows = reduce(DataFrame.unionByName, [_listed(frame, file, columns, zone) for frame in raw])
    known_by_then = F.col(_KNOWN_FROM).isNull() | (F.to_date(F.from_utc_timestamp(_KNOWN_FROM, zone)) <= F.lit(ds))
    known = rows.where(known_by_then)
    return known.groupBy(c.ITEM).agg(*(_latest(name).alias(name) for name in (*_DESCRIPTIONS, LISTED_PRICE, c.AVAILABLE)))


def _listed(raw: DataFrame, file: ProductFile, columns: ProductColumns, zone: str) -> DataFrame:
    """What each row of a product list says, in our columns."""
    price = number(raw, file.price, "products.file.price")
    return raw.select(
        text_value(raw, file.item_id, "products.file.item_id").alias(c.ITEM),
        *(clean(text_value(raw, getattr(columns, name), f"products.columns.{name}")).alias(name) for name in _DESCRIPTIONS),
        F.when(price > 0, price).alias(LISTED_PRICE),  # 0 stands for one that was not set
        typed_value(raw, file.available, "products.file.available", "boolean").alias(c.AVAILABLE),
        timestamp(raw, file.known_from, "products.file.known_from", zone).alias(_KNOWN_FROM),
    )


def _latest(name: str) -> Column:
    return F.max(F.when(F.col(name).isNotNull(), F.struct(_KNOWN_FROM, name)))[name]


def _active(settings: ProductSettings, ds: date) -> Column:
    if settings.active_within_days is None:
        return F.lit(True)
    return F.coalesce(F.col(LAST_DAY) > F.lit(ds - timedelta(days=settings.active_within_days)), F.lit(False))
