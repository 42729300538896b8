"""How many users chose each product lately: what a list is tilted by towards what is bought these days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.lake import Lake
from recsys.settings import Settings
from recsys.split import history_end, in_history
from recsys.tables import TRENDS


def trends(events: DataFrame, splits: Sequence[str], vocabulary: DataFrame, settings: Settings, ds: date, model_ds: date) -> DataFrame:
    """The rows of `trends`: of every product the users who did with it what lists are to lead to, `evaluation.relevant`, in the
    last `sequences.trend_days` days of the history of each split. A product that nobody chose has no row.

    Args:
        events: from `with_role`.
        model_ds: the day of `vocabulary`.
    """
    first = {split: history_end(settings.split, split, ds) - timedelta(days=settings.sequences.trend_days - 1) for split in splits}
    recent = events.where(F.col(c.BEHAVIOUR).isin(*settings.evaluation.relevant) & (F.col(c.DAY) >= F.lit(min(first.values()))))
    known = recent.join(F.broadcast(vocabulary.select(c.ITEM, c.ITEM_INDEX)), on=c.ITEM, how="inner")
    lately = [F.when(in_history(split) & (F.col(c.DAY) >= F.lit(day)), F.lit(split)) for split, day in first.items()]
    seen = known.select(c.USER, c.ITEM_INDEX, F.explode(F.array_compact(F.array(*lately))).alias(c.SPLIT))
    counted = seen.groupBy(c.ITEM_INDEX, c.SPLIT).agg(F.count_distinct(c.USER).alias(c.USERS))
    return counted.withColumns({c.MODEL_DAY: F.lit(model_ds), c.DAY: F.lit(ds)}).select(*TRENDS.columns)


def lately_of(lake: Lake, ds: date, split: str, products: int) -> np.ndarray:
    """The trends of one day and split as float32 [products + 1], by product, on the driver: 0 where nobody chose it.

    Args:
        products: how many the vocabulary of the model numbers.
    """
    rows = lake.read(TRENDS).where((F.col(c.DAY) == F.lit(ds)) & (F.col(c.SPLIT) == split))
    found = rows.select(c.ITEM_INDEX, c.USERS).toPandas()
    lately = np.zeros(products + 1, np.float32)
    lately[found[c.ITEM_INDEX].to_numpy()] = found[c.USERS].to_numpy()
    return lately
