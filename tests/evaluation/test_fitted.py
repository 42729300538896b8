"""The gate against leaks into what was fitted: honest tables pass, planted leaks are found."""

import numpy as np
import pytest
from pyspark.sql import Row

from recsys import columns as c
from recsys.evaluation.fitted import wrong_bounds, wrong_correlation, wrong_counts, wrong_input, wrong_place, wrong_segment, wrong_size, wrong_vocabulary
from recsys.sequences.rows import sequence_rows, usable, with_roles
from recsys.settings import SequenceSettings, Settings, SplitSettings
from recsys.split import TEST, TRAIN, VALIDATION, histories
from recsys.users.correlation import correlations
from recsys.users.moments import Moments
from tests.baselines.logs import day, log

_VOCABULARY = f"{c.ITEM} string, {c.ITEM_INDEX} int, {c.EVENTS} bigint, {c.USERS} bigint"
_NAMES = ("n_browse", "n_purchase", "spend")
# Three users of the training period, and one who came later and bought a lot.
_TRAINED = np.array([[1.0, 2.0, 9.0], [2.0, 1.0, 3.0], [3.0, 1.0, 4.0]])
_LATE = np.array([[4.0, 8.0, 90.0]])


def test_a_product_counted_once_too_often_is_found_and_one_left_out_is_no_leak(spark):
    honest = spark.createDataFrame([("a", 1, 5, 3), ("b", 2, 4, 2)], _VOCABULARY)
    leaky = spark.createDataFrame([("a", 1, 5, 3), ("b", 2, 6, 2)], _VOCABULARY)
    assert wrong_vocabulary(honest, honest) is None and wrong_vocabulary(honest.limit(1), honest) is None
    assert wrong_vocabulary(leaky, honest) == ("b", 2, 6, 2)


def test_a_user_whose_attributes_count_a_later_event_is_found(spark):
    schema = f"{c.USER} string, {c.SPLIT} string, n_browse double, n_purchase double"
    events = log(spark, [("u", "a", 1), ("u", "b", 2), ("v", "a", 1)]).selectExpr("*", "'train' AS split")
    honest = [("u", "train", 0.0, 2.0), ("v", "train", 0.0, 1.0)]
    assert wrong_counts(spark.createDataFrame(honest, schema), events) is None
    leaky = spark.createDataFrame([*honest[:1], ("v", "train", 0.0, 2.0)], schema)
    assert wrong_counts(leaky, events).asDict() == {
        "user_id": "v", "split": "train", "n_browse": 0.0, "counted_browse": 0.0, "n_purchase": 2.0, "counted_purchase": 1.0,
    }


def _bounds(rows):
    return [Row(**{c.ATTRIBUTE: name, c.MINIMUM: low, c.MAXIMUM: high}) for name, low, high in zip(_NAMES, rows.min(axis=0), rows.max(axis=0))]


def test_extremes_that_include_a_later_user_are_found():
    found = Moments.of(_TRAINED)
    assert wrong_bounds(_bounds(_TRAINED), found, _NAMES) is None
    assert wrong_bounds(_bounds(np.vstack([_TRAINED, _LATE])), found, _NAMES)[c.ATTRIBUTE] == "n_browse"


def _pairs(rows):
    return [Row(**pair._asdict()) for pair in correlations(Moments.of(rows), _NAMES, threshold=0.95)]


def test_correlations_that_include_a_later_user_are_found():
    assert wrong_correlation(_pairs(_TRAINED), Moments.of(_TRAINED[::-1]), _NAMES, 0.95) is None
    assert wrong_correlation(_pairs(np.vstack([_TRAINED, _LATE])), Moments.of(_TRAINED), _NAMES, 0.95)[c.ATTRIBUTE_A] == "n_browse"


def _points(spark):
    schema = f"{c.USER} string, {c.SPLIT} string, {c.DAY} date, {c.ATTRIBUTES} array<float>"
    return spark.createDataFrame([(user, "train", None, [place]) for user, place in (("u", 0.0), ("v", 0.1), ("w", 1.0))], schema)


def _centroids(*segments):
    return [Row(**{c.SEGMENT: number, c.CENTROID: [centre], c.SIZE: size}) for number, (centre, size) in enumerate(segments)]


def test_segments_with_more_users_than_the_training_period_has_and_users_in_a_farther_segment_are_found(spark):
    honest = _centroids((0.05, 2), (1.0, 1))
    assert wrong_size(honest, _points(spark)) is None
    assert wrong_size(_centroids((0.05, 2), (1.0, 4)), _points(spark))[c.SEGMENT] == 1
    schema = f"{c.USER} string, {c.SPLIT} string, {c.SEGMENT} int"
    assigned = spark.createDataFrame([("u", "train", 0), ("v", "train", 1), ("w", "train", 1)], schema)
    assert wrong_segment(assigned, honest, _points(spark)) == ("v", "train", 1, 0)
    assert wrong_segment(assigned.where(f"{c.USER} != 'v'"), honest, _points(spark)) is None


def test_an_input_that_holds_its_target_or_orders_a_tie_by_it_is_found(spark):
    # u had a, then b and d at one moment, in that order of event_id; z is not in the vocabulary.
    history = log(spark, [("u", "a", 1), ("u", "b", 2), ("u", "d", 2), ("u", "z", 3), ("v", "a", 1)]).selectExpr("*", "'test' AS split")
    history = history.unionByName(log(spark, [("u", "a", 1)]).selectExpr("*", "'train' AS split"))
    vocabulary = spark.createDataFrame([("a", 1), ("b", 2), ("d", 3), ("e", 4)], f"{c.ITEM} string, {c.ITEM_INDEX} int")

    def found(*rows):
        sequences = spark.createDataFrame(list(rows), f"{c.USER} string, {c.SPLIT} string, {c.LENGTH} int, {c.ITEMS} array<int>")
        return wrong_input(sequences, history, vocabulary, length=2)

    assert found(("u", "test", 2, [2, 3]), ("u", "train", 1, [1, 0]), ("v", "test", 1, [1, 0]), ("nobody", "test", 0, [0, 0])) is None
    assert found(("v", "test", 2, [1, 4])) == ("v", "test", [1, 4], [1])
    assert found(("u", "test", 2, [3, 2])) == ("u", "test", [3, 2], [2, 3])
    assert found(("u", "train", 2, [1, 2])) == ("u", "train", [1, 2], [1])


def test_a_product_of_an_earlier_window_or_of_the_memory_that_the_history_does_not_hold_is_found(spark):
    # By day from 1970-01-01 the 1st of January 2026 is 20454. u's b of day 3 is held out, and so is the a of day 4.
    history = log(spark, [("u", "a", 1), ("u", "b", 2), ("v", "b", 3)]).selectExpr("*", "'train' AS split")
    vocabulary = spark.createDataFrame([("a", 1), ("b", 2)], f"{c.ITEM} string, {c.ITEM_INDEX} int")
    arrays = ", ".join(f"{name} array<int>" for name in (c.ITEMS, c.DAYS, c.MEMORY_ITEMS, c.MEMORY_DAYS))

    def found(window, items, days, memory, memory_days):
        rows = [("u", "train", window, items, days, memory, memory_days)]
        return wrong_place(spark.createDataFrame(rows, f"{c.USER} string, {c.SPLIT} string, {c.WINDOW} int, {arrays}"), history, vocabulary)

    assert found(1, [1, 2, 0], [20454, 20455, 0], [1, 0], [20454, 0]) is None
    assert found(1, [1, 2, 0], [20454, 20456, 0], [0], [0]).asDict() == {"user_id": "u", "split": "train", "window": 1, "item_index": 2, "epoch_day": 20456}
    assert found(0, [2, 0], [20455, 0], [1, 0], [20457, 0]).asDict() == {"user_id": "u", "split": "train", "window": 0, "item_index": 1, "epoch_day": 20457}


@pytest.mark.parametrize("kind", ["leave_one_out", "random"])
def test_all_windows_and_memories_as_they_are_made_are_in_their_histories(spark, kind):
    events = log(spark, [("u", "ab"[number % 3 == 0], number) for number in range(1, 31)])
    settings = Settings(source="shop.yaml", split=SplitSettings(kind=kind), sequences=SequenceSettings(length=8, stride=4))
    vocabulary = spark.createDataFrame([("a", 1), ("b", 2)], f"{c.ITEM} string, {c.ITEM_INDEX} int")
    roles, splits = with_roles(events, settings.split, day(30)), (TRAIN, VALIDATION, TEST)
    sequences = sequence_rows(roles, splits, vocabulary, settings, day(30)).cache()
    assert sequences.where(f"{c.WINDOW} > 0 AND {c.MEMORY_ITEMS}[0] > 0").count() > 1
    assert wrong_place(sequences, histories(usable(roles, settings.sequences), splits), vocabulary) is None
