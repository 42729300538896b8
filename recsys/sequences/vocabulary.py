"""The vocabulary: which products a model knows, and under which number."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.faults import BadData
from recsys.lake import Lake
from recsys.settings import SequenceSettings
from recsys.tables import LIKENESSES, NEIGHBOURS, SEQUENCES, TRENDS, VOCABULARY


def number_products(history: DataFrame, settings: SequenceSettings, ds: date) -> DataFrame:
    """The products of the training history that a model learns, numbered 1 .. V, most frequent first.

    A product that fewer than `min_item_users` users touched cannot be learnt, only memorised: it gets no
    number and its events are left out of every sequence. Of the others the `max_items` with the most events
    are kept (ties: more users, then the smaller item_id), in that same order, so that equal logs give equal
    numbers. Index 0 stays free for padding.

    Args:
        history: from `rows.training_events`.
    """
    counted = history.groupBy(c.ITEM).agg(
        F.count(F.lit(1)).alias(c.EVENTS), F.count_distinct(F.col(c.USER)).alias(c.USERS)
    )
    frequent = counted.where(F.col(c.USERS) >= settings.min_item_users)
    # One task numbers them all: these are products with their counts, no users and no events.
    most_frequent_first = Window.orderBy(F.col(c.EVENTS).desc(), F.col(c.USERS).desc(), F.col(c.ITEM))
    numbered = frequent.withColumn(c.ITEM_INDEX, F.row_number().over(most_frequent_first))
    kept = numbered.where(F.col(c.ITEM_INDEX) <= settings.max_items)
    return kept.withColumn(c.DAY, F.lit(ds)).select(*VOCABULARY.columns)


def numbering(lake: Lake, ds: date, model_ds: date) -> DataFrame:
    """The vocabulary of `model_ds`, by which sequences, neighbours, likenesses and trends of `ds` number their products.

    Raises:
        BadData: one of them is numbered by the vocabulary of another day, or does not say by which.
    """
    for table in (SEQUENCES, NEIGHBOURS, LIKENESSES, TRENDS):
        rows = lake.read(table).where(F.col(c.DAY) == F.lit(ds))
        if c.MODEL_DAY not in rows.columns:
            lake.refuse_other_version(table)
        if other := rows.where(F.col(c.MODEL_DAY) != F.lit(model_ds)).select(c.MODEL_DAY).first():
            raise BadData(
                f"The table {table.name} of {ds} numbers products by the vocabulary of {other[c.MODEL_DAY]}; the model asked for is of {model_ds}, and would "
                f"read other products in it. Run jobs/build_sequences.py --ds {ds} --model-ds {model_ds} first, or give this run --model-ds "
                f"{other[c.MODEL_DAY]}; nothing was written."
            )
    return lake.read_day(VOCABULARY, model_ds)


def refuse_none(products: DataFrame, history: DataFrame, settings: SequenceSettings) -> None:
    """See to it that there is a product to learn, before anything is written.

    Args:
        products: from `number_products` of `history`.

    Raises:
        BadData: there is none.
    """
    if products.isEmpty():
        users = history.select(c.USER).distinct().count()
        raise BadData(
            f"No product was touched by sequences.min_item_users = {settings.min_item_users} users in the training period, which holds events of {users:,} "
            "users that may enter a sequence, so there is nothing to learn. Lower sequences.min_item_users, or let the training period hold more "
            "of the log (split.test_days, split.validation_days, sequences.behaviours); nothing was written."
        )
