"""The vocabulary: which products a model knows, and under which number; and newcomers, which came up after it had learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.faults import BadData
from recsys.lake import Lake
from recsys.settings import SequenceSettings
from recsys.split import PUSH
from recsys.tables import COUNTED, NEWCOMERS, SEQUENCES, VOCABULARY

_NEWCOMERS = 10  # a part of max_items: as many at most come in beside those that the model learned
Numbered = Sequence[tuple[Sequence[str], DataFrame]]  # splits, and the products that have a number in these


def number_products(history: DataFrame, settings: SequenceSettings, ds: date) -> DataFrame:
    """The products of the training history that a model learns, numbered 1 .. V, most frequent first.

    A product that fewer than `min_item_users` users touched cannot be learnt, only memorised: it gets no
    number and its events are left out of every sequence. Of the others the `max_items` with the most events
    are kept (ties: more users, then the smaller item_id), in that same order, so that equal logs give equal
    numbers. Index 0 stays free for padding.

    Args:
        history: from `rows.training_events`.
    """
    return _most_frequent(history, settings, settings.max_items).withColumn(c.DAY, F.lit(ds)).select(*VOCABULARY.columns)


def number_newcomers(history: DataFrame, vocabulary: DataFrame, settings: SequenceSettings, ds: date, model_ds: date) -> DataFrame:
    """The products that are frequent by `ds` and that the model did not learn, numbered V + 1, V + 2, …, most frequent first.

    Frequent is what it is in `number_products`. Of the split push alone they are a part: what is learned and judged ends before.

    Args:
        history: what the split push may look at, of behaviours that enter sequences.
        vocabulary: of `model_ds`, V products.
    """
    unknown = history.join(F.broadcast(vocabulary.select(c.ITEM)), on=c.ITEM, how="left_anti")
    found = _most_frequent(unknown, settings, settings.max_items // _NEWCOMERS)
    on_from = vocabulary.agg(F.max(c.ITEM_INDEX).alias("last"))
    after = found.crossJoin(F.broadcast(on_from)).withColumn(c.ITEM_INDEX, F.col(c.ITEM_INDEX) + F.col("last"))
    return after.withColumns({c.MODEL_DAY: F.lit(model_ds), c.DAY: F.lit(ds)}).select(*NEWCOMERS.columns)


def newcomers(lake: Lake, ds: date) -> DataFrame:
    """Those of one day; there may be none."""
    return lake.read(NEWCOMERS).where(F.col(c.DAY) == F.lit(ds))


def newcomers_of(lake: Lake, ds: date) -> tuple[str, ...]:
    """The newcomers of one day in the order of their numbers, on the driver: they grow with products only."""
    rows = newcomers(lake, ds).select(c.ITEM, c.ITEM_INDEX).collect()
    return tuple(row[c.ITEM] for row in sorted(rows, key=lambda row: row[c.ITEM_INDEX]))


def with_newcomers(vocabulary: DataFrame, new: DataFrame) -> DataFrame:
    """The products that a list of the split push may hold: [item_id, item_index]."""
    return vocabulary.select(c.ITEM, c.ITEM_INDEX).unionByName(new.select(c.ITEM, c.ITEM_INDEX))


def numbered(splits: Sequence[str], vocabulary: DataFrame, new: DataFrame) -> Numbered:
    """Which products have a number in which of `splits`: newcomers in push alone. Where there are none, all splits go together."""
    if PUSH not in splits or new.isEmpty():
        return [(splits, vocabulary)]
    learned = [split for split in splits if split != PUSH]
    pushed = ((PUSH,), with_newcomers(vocabulary, new))
    return [(learned, vocabulary), pushed] if learned else [pushed]


def of_all(parts: Numbered, make: Callable[[Sequence[str], DataFrame], DataFrame]) -> DataFrame:
    """The rows that `make` makes for the splits and products of each part."""
    return reduce(DataFrame.unionByName, [make(splits, products) for splits, products in parts])


def _most_frequent(history: DataFrame, settings: SequenceSettings, most: int) -> DataFrame:
    """Products with their counts and numbers from 1."""
    counted = history.groupBy(c.ITEM).agg(
        F.count(F.lit(1)).alias(c.EVENTS), F.count_distinct(F.col(c.USER)).alias(c.USERS)
    )
    frequent = counted.where(F.col(c.USERS) >= settings.min_item_users)
    # One task numbers them all: these are products with their counts, no users and no events.
    most_frequent_first = Window.orderBy(F.col(c.EVENTS).desc(), F.col(c.USERS).desc(), F.col(c.ITEM))
    return frequent.withColumn(c.ITEM_INDEX, F.row_number().over(most_frequent_first)).where(F.col(c.ITEM_INDEX) <= most)


def numbering(lake: Lake, ds: date, model_ds: date, push: bool = False) -> DataFrame:
    """The vocabulary of `model_ds`, by which sequences, neighbours, likenesses and trends of `ds` number their products.

    Args:
        push: with newcomers of `ds`, which only the split push numbers; then [item_id, item_index].

    Raises:
        BadData: one of them is numbered by the vocabulary of another day, or does not say by which.
    """
    for table in (SEQUENCES, *COUNTED, *([NEWCOMERS] if push else [])):
        rows = lake.read(table).where(F.col(c.DAY) == F.lit(ds))
        if c.MODEL_DAY not in rows.columns:
            lake.refuse_other_version(table)
        if other := rows.where(F.col(c.MODEL_DAY) != F.lit(model_ds)).select(c.MODEL_DAY).first():
            raise BadData(
                f"The table {table.name} of {ds} numbers products by the vocabulary of {other[c.MODEL_DAY]}; the model asked for is of {model_ds}, and would "
                f"read other products in it. Run jobs/build_sequences.py --ds {ds} --model-ds {model_ds} first, or give this run --model-ds "
                f"{other[c.MODEL_DAY]}; nothing was written."
            )
    vocabulary = lake.read_day(VOCABULARY, model_ds)
    return with_newcomers(vocabulary, newcomers(lake, ds)) if push else vocabulary


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
