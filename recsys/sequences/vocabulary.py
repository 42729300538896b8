"""The vocabulary: which products a model knows, and under which number."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.faults import BadData
from recsys.lake import Lake
from recsys.settings import SequenceSettings
from recsys.split import TRAIN
from recsys.tables import SEQUENCES, VOCABULARY


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
    """The vocabulary of `model_ds`, by which the sequences of `ds` number their products.

    Raises:
        BadData: `ds` is a day on which a model is trained, so its sequences are numbered by its own.
    """
    if ds != model_ds and not lake.read_day(SEQUENCES, ds).where(F.col(c.SPLIT) == TRAIN).isEmpty():
        raise BadData(
            f"The sequences of {ds} were made to train a model of that day, and number products by its vocabulary; the model asked for is of {model_ds}. "
            f"Run jobs/build_sequences.py --ds {ds} --model-ds {model_ds} first, or leave --model-ds out; nothing was written."
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
