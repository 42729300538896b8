"""What a user did before a window begins, as a short list of products with counts."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.sequences.timeline import AGE, EPOCH_DAY, OWNER
from recsys.sequences.windows import last_window
from recsys.settings import SequenceSettings

_COUNT, _LAST_DAY, _OLDEST, _NEXT = "seen", "last_day", "oldest_window", "next_window"
_PLACE, _REMEMBERED = "place", "remembered"


def memories(timeline: DataFrame, settings: SequenceSettings) -> DataFrame:
    """For each window that has a past, the products of all events before its first event, best `memory` of them.

    Best are those with most events, then those seen last, then the smaller index. Nothing within or after the
    window counts. One row a split, user and window, with arrays as long as there are products, up to `memory`; a
    window that begins at the user's first event has no row.

    What precedes window w also precedes every later window, so a product's count is kept as a running sum over
    the windows, oldest first, and never as a copy of the history: at most `max_windows` rows for an event.
    """
    known = _known_before(timeline, settings)
    best_first = Window.partitionBy(*OWNER, c.WINDOW).orderBy(
        F.col(_COUNT).desc(), F.col(_LAST_DAY).desc(), F.col(c.ITEM_INDEX)
    )
    best = known.withColumn(_PLACE, F.row_number().over(best_first)).where(F.col(_PLACE) <= settings.memory)
    listed = best.groupBy(*OWNER, c.WINDOW).agg(
        F.sort_array(F.collect_list(F.struct(_PLACE, c.ITEM_INDEX, _COUNT, _LAST_DAY))).alias(_REMEMBERED)
    )
    remembered = F.col(_REMEMBERED)
    return listed.select(
        *OWNER,
        c.WINDOW,
        remembered[c.ITEM_INDEX].alias(c.MEMORY_ITEMS),
        remembered[_COUNT].alias(c.MEMORY_COUNTS),
        remembered[_LAST_DAY].alias(c.MEMORY_DAYS),
    )


def _known_before(timeline: DataFrame, settings: SequenceSettings) -> DataFrame:
    """One row a split, user, window and product that the user touched before the window: how often, and the last day."""
    before_some_window = F.col(AGE) >= settings.length
    oldest_window_after = F.least(F.floor((F.col(AGE) - settings.length) / settings.stride), last_window(settings)).cast("int")
    per_window = (
        timeline.where(before_some_window)
        .groupBy(*OWNER, c.ITEM_INDEX, oldest_window_after.alias(_OLDEST))
        .agg(F.count(F.lit(1)).alias(_COUNT), F.max(EPOCH_DAY).alias(_LAST_DAY))
    )
    oldest_first = Window.partitionBy(*OWNER, c.ITEM_INDEX).orderBy(F.col(_OLDEST).desc())
    so_far = oldest_first.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    running = per_window.select(
        *OWNER,
        c.ITEM_INDEX,
        _OLDEST,
        F.lead(_OLDEST).over(oldest_first).alias(_NEXT),
        F.sum(_COUNT).over(so_far).alias(_COUNT),
        F.max(_LAST_DAY).over(so_far).alias(_LAST_DAY),
    )
    # A sum holds from its window down to the one where the product turns up again.
    holds_in = F.sequence(F.coalesce(F.col(_NEXT) + 1, F.lit(0)), F.col(_OLDEST))
    return running.select(*OWNER, c.ITEM_INDEX, F.explode(holds_in).alias(c.WINDOW), _COUNT, _LAST_DAY)
