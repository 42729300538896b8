"""Small tables for the page, computed in Spark: what reaches the driver grows with days, attributes or methods only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c

ACTIVE_DAYS, FIRST, LAST, PERIOD, LISTED = "active_days", "first", "last", "period", "listed"


def still_rising(manifest: Mapping[str, Any]) -> bool:
    """Whether the last epoch of a training was its best, and only the end of its epochs or minutes ended it."""
    metrics = manifest["metrics"]
    ended_itself = metrics["validation_ndcg"] is None or metrics.get("stalled", False)
    return not ended_itself and metrics["epoch"] == len(manifest.get("history") or [])


def rows(frame: DataFrame) -> list[dict[str, Any]]:
    """The rows of a small `frame`."""
    return [row.asDict(recursive=True) for row in frame.collect()]


def extent(events: DataFrame) -> DataFrame:
    """One row: how many events, users and products, from which day to which."""
    return events.agg(
        F.count("*").alias(c.EVENTS), F.countDistinct(c.USER).alias(c.USERS), F.countDistinct(c.ITEM).alias(c.ITEMS),
        F.min(c.DAY).alias(FIRST), F.max(c.DAY).alias(LAST),
    )


def by_behaviour(events: DataFrame) -> DataFrame:
    """Events, users and products of every behaviour, most frequent first."""
    return events.groupBy(c.BEHAVIOUR).agg(
        F.count("*").alias(c.EVENTS), F.countDistinct(c.USER).alias(c.USERS), F.countDistinct(c.ITEM).alias(c.ITEMS)
    ).orderBy(F.col(c.EVENTS).desc(), c.BEHAVIOUR)


def over_time(events: DataFrame, unit: str) -> DataFrame:
    """Events of every behaviour in every `unit` (day, week, month) of the log."""
    period = F.to_date(F.date_trunc(unit, c.DAY))
    return events.groupBy(c.BEHAVIOUR, period.alias(PERIOD)).agg(F.count("*").alias(c.EVENTS)).orderBy(c.BEHAVIOUR, PERIOD)


def unit_for(first: date, last: date) -> str:
    """The unit of time that gives a figure some dozens of points."""
    days = (last - first).days + 1
    return "day" if days <= 100 else "week" if days <= 1_000 else "month"


def reasons(quarantine: DataFrame) -> DataFrame:
    """Rows of the quarantine by reason; a row that broke several rules counts under each."""
    exploded = quarantine.select(F.explode(c.REASONS).alias(c.REASONS))
    return exploded.groupBy(c.REASONS).agg(F.count("*").alias(c.ROWS)).orderBy(F.col(c.ROWS).desc(), c.REASONS)


def origins(pushes: DataFrame) -> DataFrame:
    """Pushed products and users of every origin."""
    return pushes.groupBy(c.ORIGIN).agg(
        F.count("*").alias(c.ROWS), F.countDistinct(c.USER).alias(c.USERS), F.countDistinct(c.ITEM).alias(c.ITEMS)
    ).orderBy(F.col(c.ROWS).desc(), c.ORIGIN)


def list_sizes(pushes: DataFrame) -> DataFrame:
    """One row: users, pushes, distinct products, and the shortest and longest list."""
    sizes = pushes.groupBy(c.USER).agg(F.count("*").alias(c.SIZE))
    totals = sizes.agg(
        F.count("*").alias(c.USERS), F.sum(c.SIZE).alias(c.ROWS), F.min(c.SIZE).alias(FIRST), F.max(c.SIZE).alias(LAST)
    )
    return totals.crossJoin(pushes.agg(F.countDistinct(c.ITEM).alias(c.ITEMS)))


def sample(pushes: DataFrame, users: int, seed: int) -> DataFrame:
    """`users` users drawn from `pushes`, the same ones for the same seed."""
    draw = F.xxhash64(F.lit(seed), F.col(c.USER))
    return pushes.select(c.USER).distinct().orderBy(draw, c.USER).limit(users)


def last_events(events: DataFrame, users: DataFrame, products: DataFrame, n: int) -> DataFrame:
    """`n` distinct products of each of `users`: those bought, then those only touched, each newest first."""
    theirs = events.where(F.col(c.BEHAVIOUR) != c.RETURN).join(F.broadcast(users), on=c.USER, how="inner")
    weight = F.when(F.col(c.BEHAVIOUR).isin(*c.BOUGHT), 1).otherwise(0)
    newest = F.max(F.struct(weight.alias("bought"), c.TIME, c.EVENT_ID, c.BEHAVIOUR, F.col(c.DAY)))
    latest = theirs.groupBy(c.USER, c.ITEM).agg(newest.alias("_"))
    named = latest.join(products.select(c.ITEM, c.NAME, c.PRICE), on=c.ITEM, how="left")
    entry = F.struct("_.bought", f"_.{c.TIME}", f"_.{c.EVENT_ID}", c.ITEM, c.NAME, c.PRICE, f"_.{c.BEHAVIOUR}", f"_.{c.DAY}")
    lists = named.groupBy(c.USER).agg(F.slice(F.sort_array(F.collect_list(entry), asc=False), 1, n).alias(LISTED))
    return lists.select(c.USER, F.posexplode(LISTED).alias(c.RANK, "_")).select(
        c.USER, (F.col(c.RANK) + 1).alias(c.RANK), *[F.col(f"_.{name}") for name in (c.ITEM, c.NAME, c.PRICE, c.BEHAVIOUR, c.DAY)]
    ).orderBy(c.USER, c.RANK)
