"""AdaBoost over candidates and their attributes."""

import pytest
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.baselines.adaboost import AdaBoost
from recsys.baselines.candidates import ATTRIBUTES, Candidates
from recsys.baselines.item_to_item import ItemToItem
from recsys.evaluation.kept import Kept
from recsys.faults import BadData
from tests.baselines.logs import lists, log, users


@pytest.fixture
def kept():
    held = Kept()
    yield held
    held.release()


def _candidates(kept, popular=1):
    neighbours = ItemToItem(9, 9, 0, 1e9, 1, drop_seen=False, keep=kept)
    return Candidates(neighbours, nearest=9, popular=popular, recent_days=2, relevant=(c.PURCHASE,), drop_seen=False, keep=kept)


def test_candidates_are_own_products_their_neighbours_and_popular_ones_with_what_is_known_of_them(spark, kept):
    # p is the most popular; v has a and b, so b lies near to u's a. Days run from 1 to 5.
    events = log(spark, [("u", "a", 1), ("u", "a", 3), ("v", "a", 2), ("v", "b", 2), ("x", "p", 5), ("y", "p", 5), ("z", "p", 4), ("z", "p", 5)])
    candidates = _candidates(kept)
    candidates.fit(events)
    near = 2 * 1 / 2**0.5  # u touched a twice; of the two users of a one has b, which is all of b's
    expected = [
        ("u", "a", 2.0, 2.0, 2.0, 1.0, 2.0, 3.0, 0.0, 2.0), ("u", "b", 0.0, 5.0, 2.0, 0.0, near, 1.0, 0.0, 1.0),
        ("u", "p", 0.0, 5.0, 2.0, 0.0, 0.0, 4.0, 4.0, 3.0),
    ]
    schema = ", ".join([f"{c.USER} string", f"{c.ITEM} string", *(f"{name} double" for name in ATTRIBUTES)])
    assertDataFrameEqual(candidates.of(users(spark, "u")), spark.createDataFrame(expected, schema), rtol=1e-5)


def _method(kept, days):
    return AdaBoost(_candidates(kept, popular=4), days=days, rows=1_000, trees=5, depth=1, relevant=(c.PURCHASE,), seed=3, keep=kept)


def test_it_learns_from_the_last_days_that_people_come_back_for_what_they_had_and_not_for_what_is_popular(spark, kept):
    # In days 8 and 9 everybody but the six who made p popular bought their own product again.
    own = [(f"u{number}", f"own{number}", day) for number in range(6) for day in (1, 2, 8)]
    popular = [(f"p{number}", "p", 3) for number in range(6)]
    method = _method(kept, days=2)
    method.fit(log(spark, [*own, *popular, ("v", "w", 9), ("v", "q", 1)]))
    assertDataFrameEqual(method.recommend(users(spark, "u0", "u3"), 1), lists(spark, ("u0", "own0", 1), ("u3", "own3", 1)))


def test_it_learns_from_no_more_users_than_rows_and_always_from_the_same(spark, kept, monkeypatch):
    events = log(spark, [(f"u{number}", f"own{number}", day) for number in range(6) for day in (1, 8)])
    asked, of = [], Candidates.of
    monkeypatch.setattr(Candidates, "of", lambda self, users: asked.append({row[c.USER] for row in users.collect()}) or of(self, users))
    for history in (events, events.repartition(3)):
        AdaBoost(_candidates(kept), days=2, rows=4, trees=5, depth=1, relevant=(c.PURCHASE,), seed=3, keep=kept)._lessons(history)
    assert len(asked[0]) == 4 and asked[0] == asked[1]


def test_a_history_whose_last_days_hold_nothing_to_learn_is_told(spark, kept):
    with pytest.raises(BadData, match="adaboost_days = 2"):
        _method(kept, days=2).fit(log(spark, [("u", "a", 1), ("v", "b", 1), ("u", "z", 9)]))
