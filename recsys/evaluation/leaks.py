"""The gate before any figure: no method may have seen what it is judged by.

It looks at what the methods are given (the history), at what the model learned from, chose its epoch by and is
given (sequences of all three splits), and at all that was fitted before (vocabulary, neighbours, likenesses, trends, attributes,
correlations, normaliser, segments), which has to be what the training history alone gives. A split that is drawn at
random mixes past and future by design: there the gate sees to it that no held-out event itself was seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.evaluation.fitted import (
    attributes_in, wrong_bounds, wrong_correlation, wrong_counts, wrong_input, wrong_neighbours, wrong_place, wrong_segment,
    wrong_size, wrong_trends, wrong_vocabulary,
)
from recsys.evaluation.trial import Trial
from recsys.faults import BadData
from recsys.night import Night
from recsys.sequences.counts import counted
from recsys.sequences.neighbours import sampled
from recsys.sequences.rows import training_events, usable, with_roles
from recsys.sequences.vocabulary import number_products
from recsys.settings import SplitSettings
from recsys.split import TEST, TRAIN, VALIDATION, histories, history_end
from recsys.split import test_start as first_test_day
from recsys.users.moments import moments
from recsys.users.normalizer import normalise

_FIRST = "first_held_out"
_LEARNED = (TRAIN, VALIDATION)
_EVERY = 16  # of which the neighbours of one product are counted again: a leak is in nearly all of them


def leaked(trial: Trial, split: SplitSettings, ds: date) -> DataFrame:
    """The events of the history that lie in the test period.

    By time: on or after its first day, whoever's they are. Leave-one-out: not before the first event that
    is held out of the same user, in the order (event_time, event_id). Any other split: held out themselves.
    """
    if split.kind == "time":
        return trial.history.where(F.col(c.DAY) >= F.lit(first_test_day(split, ds)))
    if split.kind != "leave_one_out":
        return trial.history.join(trial.held_out.select(c.EVENT_ID), on=c.EVENT_ID, how="left_semi")
    moment = F.struct(c.TIME, c.EVENT_ID)
    first = trial.held_out.groupBy(c.USER).agg(F.min(moment).alias(_FIRST))
    return trial.history.join(first, on=c.USER, how="inner").where(moment >= F.col(_FIRST)).select(trial.history.columns)


def leaked_days(sequences: DataFrame, split: SplitSettings, ds: date) -> DataFrame:
    """The rows of `sequences` that hold a day after the history of their split, in a time split."""
    if split.kind != "time":
        return sequences.where(F.lit(False))
    end = F.coalesce(*(F.when(F.col(c.SPLIT) == name, F.unix_date(F.lit(history_end(split, name, ds)))) for name in (*_LEARNED, TEST)))
    latest = F.greatest(F.array_max(c.DAYS), F.array_max(c.MEMORY_DAYS))
    return sequences.where(latest > end)


def refuse_leaks(night: Night, trial: Trial, asked: DataFrame) -> None:
    """Stop before a figure is computed from anything that saw what the methods are judged by.

    Args:
        asked: the rows of `sequences` by which models are asked, those of split test.

    Raises:
        BadData: something did; the message shows one row of it.
    """
    split, ds = night.settings.split, night.ds
    event = leaked(trial, split, ds).select(c.EVENT_ID, c.USER, c.ITEM, c.TIME).orderBy(c.TIME, c.EVENT_ID).first()
    if event is not None:
        raise BadData(_leak("The history given to the methods", event) + "Look for what reads events without recsys.split.history.", str(event.asDict()))
    learned = night.lake.read(t.SEQUENCES).where((F.col(c.DAY) == F.lit(night.model_ds)) & F.col(c.SPLIT).isin(*_LEARNED))
    for sequences, day in ((asked, ds), (learned, night.model_ds)):
        row = leaked_days(sequences, split, day).select(c.USER, c.SPLIT, c.WINDOW, c.QUERY_DAY).orderBy(c.USER, c.SPLIT, c.WINDOW).first()
        if row is not None:
            raise BadData(_leak("Table sequences", row) + f"Run jobs/build_sequences.py --ds {day} with the present settings of split.", str(row.asDict()))
    for table, found in _unlike_training(night, trial, asked, learned):
        if found is not None:
            raise BadData(_unlike(table, found), str(found.asDict()))


def _unlike_training(night: Night, trial: Trial, asked: DataFrame, learned: DataFrame) -> Iterator[tuple[t.Table, Row | None]]:
    """Each fitted table with a row of it that the training history, or a user's own history, does not give."""
    lake, settings, fitted_on = night.lake, night.settings, night.model_ds
    vocabulary, length = lake.read_day(t.VOCABULARY, fitted_on), settings.sequences.length
    roles = with_roles(lake.read(t.EVENTS), settings.split, fitted_on)
    yield t.VOCABULARY, wrong_vocabulary(vocabulary, number_products(training_events(roles, settings.sequences), settings.sequences, fitted_on))
    for table in t.COUNTED:
        found = lake.read(table).where((F.col(c.DAY) == F.lit(fitted_on)) & F.col(c.SPLIT).isin(TRAIN, TEST))
        expected = counted(table, roles, (TRAIN, TEST), vocabulary, settings, fitted_on, fitted_on, _EVERY)
        yield table, wrong_trends(found, expected) if table == t.TRENDS else wrong_neighbours(found.where(sampled(c.ITEM_INDEX, _EVERY)), expected)
    entered = usable(trial.history, settings.sequences).withColumn(c.SPLIT, F.lit(TEST))
    yield t.SEQUENCES, wrong_input(asked, entered, vocabulary, length)
    if settings.split.kind != "time":  # there their days have told
        past = histories(usable(roles, settings.sequences), _LEARNED)
        yield t.SEQUENCES, wrong_input(learned.where(F.col(c.WINDOW) == 0), past, vocabulary, length)
        for sequences, known in ((learned, past), (asked, entered)):
            yield t.SEQUENCES, wrong_place(sequences, known, vocabulary)
    yield from _unlike_users(night, roles)


def _unlike_users(night: Night, roles: DataFrame) -> Iterator[tuple[t.Table, Row | None]]:
    lake, fitted_on = night.lake, night.model_ds
    features = lake.read_day(t.USER_FEATURES, fitted_on).where(F.col(c.SPLIT).isin(TRAIN, TEST))
    yield t.USER_FEATURES, wrong_counts(features, histories(roles, (TRAIN, TEST)))
    pairs, normalizer, centroids = (
        lake.read_day(table, fitted_on).collect() for table in (t.CORRELATIONS, t.NORMALIZER, t.SEGMENT_CENTROIDS)
    )
    attributes = attributes_in(pairs)
    found = moments(features.where(F.col(c.SPLIT) == TRAIN), attributes)
    yield t.CORRELATIONS, wrong_correlation(pairs, found, attributes, night.settings.attributes.correlation_threshold)
    yield t.NORMALIZER, wrong_bounds(normalizer, found, attributes)
    points = normalise(features, normalizer)
    yield t.SEGMENT_CENTROIDS, wrong_size(centroids, points.where(F.col(c.SPLIT) == TRAIN))
    segments = lake.read_day(t.SEGMENTS, fitted_on).where(F.col(c.SPLIT).isin(TRAIN, TEST))
    yield t.SEGMENTS, wrong_segment(segments, centroids, points)


def _leak(where: str, row: Row) -> str:
    return (
        f"{where} holds events of the test period, the first of them {row.asDict()}. No figure was computed and no table "
        "was written: lists made from it would be judged by what they were made from. "
    )


def _unlike(table: t.Table, row: Row) -> str:
    return (
        f"The table {table.name} is not what the past alone gives, as in {row.asDict()}: it has seen events of the validation or test "
        f"period, or was made from another state of the table events, or with other settings. No figure was computed and no table was "
        f"written. Run jobs/{table.made_by}.py and the stages after it anew, with the present settings."
    )
