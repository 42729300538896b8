"""Who is asked, what is held out, and the gate against leaks."""

import dataclasses
from types import SimpleNamespace

import pytest
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.evaluation.leaks import leaked, leaked_days, refuse_leaks
from recsys.evaluation.trial import Trial, hold_out
from recsys.faults import BadData
from recsys.job import Night
from recsys.settings import EvaluationSettings, Settings, SplitSettings
from tests.baselines.logs import day, log, users

_BY_TIME = SplitSettings(test_days=2, validation_days=2)
_LEAVE_ONE_OUT = SplitSettings(kind="leave_one_out")
# Test starts on day 9. u is known and buys again, v is new in the test period, w only comes back to browse.
_EVENTS = [("u", "a", 1), ("u", "b", 8), ("u", "a", 9), ("u", "d", 10), ("u", "d", 10), ("v", "a", 9), ("w", "a", 2)]


def _events(spark):
    return log(spark, _EVENTS).union(log(spark, [("w", "b", 9)], c.BROWSE)).union(log(spark, [("w", "a", 3)], c.RETURN))


def _pairs(spark, *pairs):
    return spark.createDataFrame(list(pairs), f"{c.USER} string, {c.ITEM} string")


def test_users_with_a_history_who_come_back_are_asked_and_methods_see_the_days_before_the_test(spark):
    trial = hold_out(_events(spark), _BY_TIME, EvaluationSettings(), day(10))
    assertDataFrameEqual(trial.users, users(spark, "u", "w"))
    assertDataFrameEqual(trial.targets, _pairs(spark, ("u", "a"), ("u", "d")))
    assertDataFrameEqual(trial.history.select(c.USER, c.ITEM), _pairs(spark, ("u", "a"), ("u", "b"), ("w", "a")))


def test_of_many_users_some_are_drawn_by_the_seed_and_methods_still_see_all_histories(spark):
    back = [(f"u{number}", "a", at) for number in range(40) for at in (1, 9)]
    trials = [hold_out(log(spark, back), _BY_TIME, EvaluationSettings(users=10, seed=seed), day(10)) for seed in (1, 1, 2)]
    first, again, other = ({row[c.USER] for row in trial.users.collect()} for trial in trials)
    assert len(first) == len(other) == 10 and first == again != other
    assert {row[c.USER] for row in trials[0].targets.collect()} == first
    assert trials[0].history.select(c.USER).distinct().count() == 40
    assert hold_out(log(spark, back), _BY_TIME, EvaluationSettings(users=50), day(10)).users.count() == 40


def test_where_only_new_products_are_listed_only_new_products_are_targets(spark):
    trial = hold_out(_events(spark), _BY_TIME, EvaluationSettings(drop_seen=True), day(10))
    assertDataFrameEqual(trial.targets, _pairs(spark, ("u", "d")))


@pytest.mark.parametrize("split", [_BY_TIME, _LEAVE_ONE_OUT], ids=lambda split: split.kind)
def test_an_honest_history_has_no_leak_and_a_planted_test_event_is_found(spark, split):
    trial = hold_out(log(spark, _EVENTS), split, EvaluationSettings(), day(10))
    assert leaked(trial, split, day(10)).isEmpty()
    planted = trial.held_out.where(f"{c.USER} = 'u' AND {c.ITEM} = 'd'")
    careless = dataclasses.replace(trial, history=trial.history.union(planted))
    assertDataFrameEqual(leaked(careless, split, day(10)), planted)


def test_a_planted_leak_stops_the_evaluation_and_is_shown(spark):
    trial = hold_out(log(spark, _EVENTS), _BY_TIME, EvaluationSettings(), day(10))
    careless = dataclasses.replace(trial, history=trial.history.union(trial.held_out))
    night = Night(None, Settings(source="shop.yaml", split=_BY_TIME), day(10), day(10))
    with pytest.raises(BadData, match="'item_id': 'a'.*No figure was computed"):
        refuse_leaks(night, careless, _sequences(spark))


def test_where_a_split_mixes_past_and_future_only_held_out_events_themselves_are_leaks(spark):
    mixed = SimpleNamespace(kind="random")
    events = log(spark, _EVENTS)
    late, early = (events.where(f"{c.EVENT_ID} {held} 'e000'") for held in ("!=", "="))
    trial = Trial(late, users(spark, "u"), _pairs(spark, ("u", "a")), early)
    assert leaked(trial, mixed, day(10)).isEmpty()
    assertDataFrameEqual(leaked(dataclasses.replace(trial, history=events), mixed, day(10)), early)


def _sequences(spark, *rows):
    schema = f"{c.USER} string, {c.SPLIT} string, {c.WINDOW} int, {c.QUERY_DAY} int, {c.DAYS} array<int>, {c.MEMORY_DAYS} array<int>"
    return spark.createDataFrame([(user, split, 0, 1, days, memory) for user, split, days, memory in rows], schema)


def test_sequences_that_reach_beyond_the_history_of_their_split_are_found(spark):
    validation, test = 20460, 20462  # days from 1970-01-01 to day 7 and 9 of 2026, the first of each period
    honest = [("u", "train", [validation - 1, 0], [0]), ("u", "validation", [5], [validation - 1]), ("u", "test", [test - 1, 0], [0])]
    leaks = [
        ("v", "train", [validation, 0], [0]), ("v", "validation", [5], [validation]), ("v", "test", [test, 0], [0]), ("w", "test", [5], [test]),
    ]
    found = leaked_days(_sequences(spark, *honest, *leaks), _BY_TIME, day(10))
    assertDataFrameEqual(found, _sequences(spark, *leaks))
