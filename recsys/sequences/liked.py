"""What validation asks for: the products that a user went on to like."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c

TARGET_WIDTH = 64  # products kept for a user; what a longer list would add to a validation figure is noise
_FIRST, _PLACE, _PLACED = "first_event", "place", "placed"


def liked_products(target_events: DataFrame, vocabulary: DataFrame, relevant: Sequence[str]) -> DataFrame:
    """One row for each user with at least one target: their distinct liked products in the vocabulary.

    Earliest first by (event_time, event_id) of the first liking event, the first `TARGET_WIDTH` of them.

    Args:
        target_events: from `split.targets`, without returns.
        relevant: behaviours that count as liking.
    """
    likes = target_events.where(F.col(c.BEHAVIOUR).isin(*relevant))
    known = likes.join(F.broadcast(vocabulary.select(c.ITEM, c.ITEM_INDEX)), on=c.ITEM, how="inner")
    products = known.groupBy(c.USER, c.ITEM_INDEX).agg(F.min(F.struct(c.TIME, c.EVENT_ID)).alias(_FIRST))
    place = F.row_number().over(Window.partitionBy(c.USER).orderBy(_FIRST))
    kept = products.withColumn(_PLACE, place).where(F.col(_PLACE) <= TARGET_WIDTH)
    listed = kept.groupBy(c.USER).agg(F.sort_array(F.collect_list(F.struct(_PLACE, c.ITEM_INDEX))).alias(_PLACED))
    return listed.select(c.USER, F.col(_PLACED)[c.ITEM_INDEX].alias(c.TARGETS))
