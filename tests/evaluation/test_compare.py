"""A comparison of methods: good ones are judged, bad ones are named."""

import pytest

from recsys import columns as c
from recsys.baselines.popularity import Popularity
from recsys.evaluation.compare import MethodsFailed, compare, refuse_broken
from recsys.evaluation.trial import hold_out
from recsys.faults import BadData
from recsys.settings import EvaluationSettings, SplitSettings
from tests.baselines.logs import day, lists, log

_SPLIT = SplitSettings(test_days=2, validation_days=2)
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


def _comparison(spark, **methods):
    trial = hold_out(log(spark, _EVENTS), _SPLIT, EvaluationSettings(), day(10))
    completion = Popularity([c.PURCHASE], drop_seen=False)
    completion.fit(trial.history)
    makers = {name: (lambda keep, method=method: method) for name, method in methods.items()}
    return compare(makers, trial, completion, [1, 2], "test")


def test_every_method_is_judged_on_its_list_completed_by_popularity(spark):
    # u is told z, v nothing; completed to two: u z a, v a b. u likes a and z, v likes z.
    comparison = _comparison(spark, fixed=Fixed(lists(spark, ("u", "z", 1))))
    recall = [row for row in comparison.evaluations if row[2] == "recall"]
    assert recall == [("fixed", "test", "recall", 1, (1 / 2 + 0) / 2, 2), ("fixed", "test", "recall", 2, (1 + 0) / 2, 2)]
    assert [(method, stage, rows) for method, stage, _, rows in comparison.costs] == [("fixed", "fit", 2), ("fixed", "recommend", 2)]
    comparison.require_all()


def test_a_method_that_crashes_or_repeats_itself_is_named_and_the_others_are_kept(spark):
    repeating = Fixed(lists(spark, ("u", "a", 1), ("u", "a", 2)))
    comparison = _comparison(spark, crashing=Fixed(None), repeating=repeating, good=Fixed(lists(spark, ("u", "z", 1))))
    assert {row[0] for row in comparison.evaluations} == {row[0] for row in comparison.costs} == {"good"}
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
        compare({}, trial, Popularity([c.PURCHASE], drop_seen=False), [1], "test")
