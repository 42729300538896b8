"""The gate before any figure: no method may have seen what it is judged by."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.evaluation.trial import Trial
from recsys.faults import BadData
from recsys.settings import SplitSettings
from recsys.split import test_start as first_test_day

_FIRST = "first_held_out"


def leaked(trial: Trial, split: SplitSettings, ds: date) -> DataFrame:
    """The events of the history that lie in the test period.

    By time: on or after its first day, whoever's they are. Leave-one-out: not before the first event that
    is held out of the same user, in the order (event_time, event_id).
    """
    if split.kind == "time":
        return trial.history.where(F.col(c.DAY) >= F.lit(first_test_day(split, ds)))
    moment = F.struct(c.TIME, c.EVENT_ID)
    first = trial.held_out.groupBy(c.USER).agg(F.min(moment).alias(_FIRST))
    return trial.history.join(first, on=c.USER, how="inner").where(moment >= F.col(_FIRST)).select(trial.history.columns)


def leaked_days(sequences: DataFrame, split: SplitSettings, ds: date) -> DataFrame:
    """The rows of the test split of `sequences` that hold a day of the test period, in a time split."""
    if split.kind != "time":
        return sequences.where(F.lit(False))
    start = F.unix_date(F.lit(first_test_day(split, ds)))
    latest = F.greatest(F.array_max(c.DAYS), F.array_max(c.MEMORY_DAYS))
    return sequences.where(latest >= start)


def refuse_leaks(trial: Trial, sequences: DataFrame, split: SplitSettings, ds: date) -> None:
    """Stop before a figure is computed from a history that holds test events.

    Raises:
        BadData: the methods' history or the model's sequences do; the message shows one of these rows.
    """
    event = leaked(trial, split, ds).select(c.EVENT_ID, c.USER, c.ITEM, c.TIME).orderBy(c.TIME, c.EVENT_ID).first()
    if event is not None:
        raise BadData(_leak("The history given to the methods", event) + "Look for what reads events without recsys.split.history.")
    row = leaked_days(sequences, split, ds).select(c.USER, c.QUERY_DAY).orderBy(c.USER).first()
    if row is not None:
        raise BadData(_leak("Table sequences, split test,", row) + f"Run jobs/build_sequences.py --ds {ds} with the present settings of split.")


def _leak(where: str, row: Row) -> str:
    return (
        f"{where} holds events of the test period, the first of them {row.asDict()}. No figure was computed and no table "
        "was written: lists made from it would be judged by what they were made from. "
    )
