"""Every method, the trained model among them, keeps the contract of `recommend`, with and without seen products."""

import functools
from typing import get_args

import pytest

from recsys import columns as c
from recsys.evaluation.kept import Kept
from recsys.evaluation.methods import baselines
from recsys.evaluation.sequence_model import SequenceModel
from recsys.pushes.scoring import BATCH_SIZE
from recsys.settings import Control, EvaluationSettings, SequenceSettings
from tests.baselines.logs import log, users
from tests.pushes import fake_model

_SMALL = {
    "als_rank": 3, "als_iterations": 2, "rules_min_baskets": 1, "rules_min_support": 0.01, "item_shrinkage": 0,
    "adaboost_days": 2, "adaboost_trees": 3, "adaboost_depth": 1,
}
_EVENTS = [
    ("u", "a", 1, "1"), ("u", "b", 1, "1"), ("u", "a", 8, "2"), ("u", "d", 8, "2"), ("v", "b", 2, "3"), ("v", "d", 2, "3"),
    ("v", "e", 9, "4"), ("w", "a", 3, "5"), ("w", "b", 3, "5"), ("w", "f", 9, "6"), ("x", "g", 1, "7"), ("x", "h", 1, "7"),
]
_MODEL = "bilstm_transformer"
_CONTROLS = get_args(Control)
_METHODS = (*_CONTROLS, _MODEL)
_ASKED = ("u", "v", "x", "stranger")
_N = 3


@pytest.fixture(scope="module")
def history(spark):
    return log(spark, _EVENTS).cache()


@pytest.fixture(scope="module")
def reordered(history):
    return history.orderBy(c.ITEM).cache()


@pytest.fixture(scope="module")
def kept():
    held = Kept()
    yield held
    held.release()


@pytest.fixture(scope="module")
def make(spark, kept, tmp_path_factory):
    """Makes the method of a name; the trained model is one that needs no TensorFlow."""
    products = sorted({event[1] for event in _EVENTS})
    path = fake_model.save(tmp_path_factory.mktemp("model"), products, rows=BATCH_SIZE)
    vocabulary = spark.createDataFrame([(name, place) for place, name in enumerate(products, 1)], f"{c.ITEM} string, {c.ITEM_INDEX} int")
    rows = [fake_model.sequence(user, [products.index(item) + 1]) for user, item in (("u", "d"), ("v", "e"), ("w", "f"), ("x", "h"))]
    sequences = spark.createDataFrame(rows, fake_model.SCHEMA)

    def made(name, drop_seen):
        if name == _MODEL:
            return SequenceModel(_MODEL, sequences, vocabulary, path, SequenceSettings(), (c.PURCHASE,), drop_seen, load=fake_model.loader())
        return baselines(EvaluationSettings(drop_seen=drop_seen, controls=(name,), **_SMALL))[name](kept)

    return made


def recommended(spark, history, method):
    method.fit(history)
    lists = method.recommend(users(spark, *_ASKED), _N)
    return lists.dtypes, lists.toPandas().sort_values([c.USER, c.RANK]).reset_index(drop=True)


@pytest.fixture(scope="module")
def answers(spark, history, make):
    """The lists of a method, made once for all tests."""
    return functools.cache(lambda name, drop_seen: recommended(spark, history, make(name, drop_seen)))


@pytest.fixture(params=[(name, drop) for name in _METHODS for drop in (False, True)], ids=str)
def answer(request, answers):
    return *request.param, *answers(*request.param)


def test_the_columns_are_user_item_and_rank(answer):
    assert answer[2] == [(c.USER, "string"), (c.ITEM, "string"), (c.RANK, "int")]


def test_ranks_run_from_one_without_gaps_over_at_most_n_distinct_products(answer):
    for user, rows in answer[3].groupby(c.USER):
        assert rows[c.RANK].tolist() == list(range(1, len(rows) + 1)), user
        assert len(rows) <= _N and rows[c.ITEM].is_unique, user


def test_only_the_users_asked_about_are_answered(answer):
    assert set(answer[3][c.USER]) <= set(_ASKED)


def test_somebody_is_recommended_something_unless_all_of_it_was_seen(answer):
    name, drop_seen, _, rows = answer
    assert len(rows) > 0 or (name == "own_favourites" and drop_seen)


def test_products_already_seen_are_left_out_when_settings_say_so(answer):
    _, drop_seen, _, rows = answer
    seen = {event[:2] for event in _EVENTS}
    assert not (drop_seen and seen & set(zip(rows[c.USER], rows[c.ITEM])))


@pytest.mark.parametrize("name", _METHODS)
def test_the_same_history_in_another_order_gives_the_same_lists(spark, reordered, make, answers, name):
    _, again = recommended(spark, reordered, make(name, drop_seen=False))
    assert again.equals(answers(name, False)[1])
