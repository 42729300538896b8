"""What is counted of products, table by table: the job that writes these tables and the gate that counts again ask here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame

from recsys.sequences.likeness import likenesses
from recsys.sequences.neighbours import neighbours
from recsys.sequences.rows import usable
from recsys.sequences.trends import trends
from recsys.settings import Settings
from recsys.tables import NEIGHBOURS, TRENDS, Table


def counted(
    table: Table, events: DataFrame, splits: Sequence[str], known: DataFrame, settings: Settings, ds: date, model_ds: date, every: int = 1
) -> DataFrame:
    """The rows of `table`, one of `tables.COUNTED`.

    Args:
        events: from `rows.with_roles`.
        known: the products with their numbers in `splits`.
        model_ds: the day of the vocabulary that numbers them.
        every: neighbours and likenesses of this sample of the products only.
    """
    if table == TRENDS:
        return trends(events, splits, known, settings, ds, model_ds)
    count, kept = (neighbours, settings.sequences.neighbours) if table == NEIGHBOURS else (likenesses, settings.sequences.likenesses)
    return count(usable(events, settings.sequences), splits, known, kept, ds, model_ds, every)
