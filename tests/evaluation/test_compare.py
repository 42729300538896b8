"""A comparison of methods: good ones are judged, bad ones are named."""

import math

import pytest

from recsys import columns as c
from recsys.baselines.popularity import Popularity
from recsys.evaluation.compare import MethodsFailed, compare, refuse_broken
from recsys.evaluation.kept import Kept
from recsys.evaluation.measure import yardstick
from recsys.evaluation.results import comparison_rows, evaluation_rows
from recsys.evaluation.trial import hold_out
from recsys.faults import BadData
from recsys.settings import EvaluationSettings, SplitSettings
from tests.baselines.logs import day, lists, log

_SPLIT = SplitSettings(test_days=2, validation_days=2)
_SETTINGS = EvaluationSettings(list_lengths=(1, 2), replicates=20, timed_queries=1)
_EVENTS = [("u", "a", 1), ("v", "a", 2), ("v", "b", 3), ("u", "a", 9), ("u", "z", 9), ("v", "z", 10)]


class Fixed:
    """A method that answers with what it was given, or crashes on nothing."""

    def __init__(self, answer):
        self.answer = answer

    def fit(self, history):
        assert c.ROLE not in history.columns

    def recommend(self, users, n):
        if self.answer is None:
            raise MemoryError("out of\nmemory")
        return self.answer


@pytest.fixture(scope="module")
def compared(spark):
    """Compares methods, given by the answers of their seeds, on one trial that is prepared once."""
    kept = Kept()
    trial = hold_out(log(spark, _EVENTS), _SPLIT, _SETTINGS, day(10)).held(kept)
    completion = Popularity([c.PURCHASE], False, kept)
    completion.fit(trial.history)
    nothing = spark.createDataFrame([], f"{c.USER} string, {c.SEGMENT} int, {c.ITEM} string, {c.CATEGORY} string")
    measure = yardstick(trial, nothing.select(c.USER, c.SEGMENT), nothing.select(c.ITEM, c.CATEGORY), _SETTINGS, kept)

    def compared(**methods):
        makers = {name: [lambda keep, answer=answer: answer for answer in answers] for name, answers in methods.items()}
        return compare(makers, trial, completion, measure)

    yield compared
    kept.release()


def test_every_method_is_judged_on_its_list_completed_by_popularity_and_its_costs_are_taken(spark, compared):
    # u is told z, v nothing; completed to two: u z a, v a b. u likes a and z, v likes z.
    comparison = compared(fixed=[Fixed(lists(spark, ("u", "z", 1)))])
    rows = evaluation_rows("fixed", "test", comparison.tallies["fixed"], [1, 2], catalogue=2)
    recall = [row[:-1] for row in rows if row[2:4] == ("all", "recall")]
    assert [(k, value, users) for _, _, _, _, k, value, _, _, _, _, users, _ in recall] == [(1, (1 / 2 + 0) / 2, 2), (2, (1 + 0) / 2, 2)]
    fit, recommend, one_user = comparison.costs
    assert {cost.method for cost in comparison.costs} == {"fixed"}
    assert [(cost.stage, cost.rows) for cost in comparison.costs] == [("fit", 2), ("recommend", 2), ("one_user", 1)]
    assert 0 < one_user.seconds_first == one_user.seconds_median == one_user.seconds and fit.seconds_first is None
    assert fit.peak_bytes > 2**20 and recommend.peak_bytes >= recommend.added_bytes >= 0
    comparison.require_all()


def test_several_seeds_are_one_method_that_is_as_good_as_they_are_on_average(spark, compared):
    good, bad = Fixed(lists(spark, ("u", "z", 1), ("v", "z", 1))), Fixed(lists(spark, ("u", "b", 1), ("v", "b", 1)))
    comparison = compared(model=[good, bad], control=[bad])
    rows = list(evaluation_rows("model", "test", comparison.tallies["model"], [1, 2], catalogue=2))
    (hits,) = [row for row in rows if row[2:5] == ("all", "hit_rate", 1)]
    assert (hits[5], hits[11]) == (0.5, 2) and math.isclose(hits[12], math.sqrt(0.5))
    (ahead,) = [row for row in comparison_rows("model", "test", comparison.tallies, [1, 2]) if row[3:6] == ("all", "hit_rate", 1)]
    assert ahead == ("model", "control", "test", "all", "hit_rate", 1, 0.5, None, 0.5, 0.5, 2)
    assert [cost.method for cost in comparison.costs] == ["model"] * 3 + ["control"] * 3


def test_a_method_that_crashes_or_repeats_itself_is_named_and_the_others_are_kept(spark, compared):
    repeating = Fixed(lists(spark, ("u", "a", 1), ("u", "a", 2)))
    comparison = compared(crashing=[Fixed(None)], repeating=[repeating], good=[Fixed(lists(spark, ("u", "z", 1)))])
    assert set(comparison.tallies) == {cost.method for cost in comparison.costs} == {"good"}
    with pytest.raises(MethodsFailed, match="crashing: MemoryError out of; repeating: BrokenLists .*'user_id': 'u'"):
        comparison.require_all()


@pytest.mark.parametrize("rows", [
    [("u", "a", 1), ("u", "a", 2)], [("u", "a", 1), ("u", "b", 3)], [("u", "a", 2)], [("u", "a", 1), ("u", "b", 1)],
    [("u", "a", 1), ("u", "b", 2), ("u", "d", 3)],
], ids=["repeated product", "gap", "no first", "one rank twice", "too long"])
def test_lists_that_break_the_contract_are_refused(spark, rows):
    with pytest.raises(Exception, match="that of a user is .*'user_id': 'u'"):
        refuse_broken(lists(spark, ("good", "a", 1), *rows), n=2)


def test_a_log_without_anybody_to_ask_is_told(spark):
    trial = hold_out(log(spark, [("u", "a", 1)]), _SPLIT, EvaluationSettings(), day(10))
    with pytest.raises(BadData, match="No user has both"):
        compare({}, trial, Popularity([c.PURCHASE], drop_seen=False), None)
