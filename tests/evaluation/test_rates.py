"""Click-through, transaction and favourable rate by hand."""

import numpy as np
import pytest

from recsys import columns as c
from recsys.evaluation.outcomes import BOUGHT, FAVOURED, LIKED, RATED, TOUCHED, outcomes
from recsys.evaluation.rates import CLICK_THROUGH, FAVOURABLE, TRANSACTION, measurable, rates
from recsys.evaluation.trial import Trial
from tests.baselines.logs import log, users


def test_rates_of_two_users_by_hand():
    # First user, of three listed: browsed and bought, then collected the second without buying. Second user: one listed, nothing done.
    outcome = np.array([[TOUCHED | BOUGHT | LIKED, 0, TOUCHED | FAVOURED], [0, 0, 0]])
    found = rates(outcome, np.array([3, 1]), 3)
    assert {name: (part.sum(), whole.sum()) for name, (part, whole) in found.items()} == {
        CLICK_THROUGH: (2, 4), TRANSACTION: (1, 2), FAVOURABLE: (0, 1),
    }
    assert [part.sum() for part in rates(outcome, np.array([3, 1]), 2)[CLICK_THROUGH]] == [1, 3]


def test_a_favour_is_a_bought_or_rated_product_that_was_collected_or_praised():
    outcome = np.array([[BOUGHT | FAVOURED, RATED | FAVOURED, RATED, FAVOURED, BOUGHT]])
    part, whole = rates(outcome, np.array([5]), 5)[FAVOURABLE]
    assert (part.item(), whole.item()) == (2, 4)


def _trial(spark, past, held_out):
    liked = held_out.where(f"{c.BEHAVIOUR} = 'purchase'").select(c.USER, c.ITEM).distinct()
    return Trial(past, users(spark, "u"), liked, held_out)


def _events(spark, *events):
    """(product, behaviour, rating) of user u."""
    frame = None
    for item, behaviour, rating in events:
        one = log(spark, [("u", item, 1)], behaviour, rating)
        frame = one if frame is None else frame.union(one)
    return frame


def test_outcomes_gather_all_that_a_user_did_with_a_product(spark):
    held_out = _events(spark, ("a", c.BROWSE, None), ("a", c.PURCHASE, None), ("b", c.COLLECT, None), ("d", c.COMMENT, 5.0), ("e", c.COMMENT, 3.0))
    found = outcomes(_trial(spark, _events(spark, ("z", c.BROWSE, None)), held_out), praise=4.0)
    assert {row[c.ITEM]: row[c.OUTCOME] for row in found.collect()} == {
        "a": LIKED | TOUCHED | BOUGHT, "b": TOUCHED | FAVOURED, "d": TOUCHED | RATED | FAVOURED, "e": TOUCHED | RATED,
    }


def test_outcomes_are_of_the_users_asked_alone(spark):
    held_out = log(spark, [("u", "a", 1), ("v", "a", 1), ("v", "b", 1)])
    trial = Trial(log(spark, [("u", "z", 1)]), users(spark, "u"), held_out.where(f"{c.USER} = 'u'").select(c.USER, c.ITEM), held_out)
    assert [tuple(row) for row in outcomes(trial, praise=4.0).collect()] == [("u", "a", LIKED | TOUCHED | BOUGHT)]


@pytest.mark.parametrize(("behaviours", "told"), [
    ([(c.PURCHASE, None)], ()), ([(c.BROWSE, None), (c.CART, None)], (CLICK_THROUGH,)),
    ([(c.BROWSE, None), (c.PURCHASE, None), (c.COLLECT, None)], (CLICK_THROUGH, TRANSACTION, FAVOURABLE)), ([(c.COMMENT, 2.0)], (FAVOURABLE,)),
])
def test_a_rate_can_only_be_told_from_a_log_that_holds_what_it_is_made_of(spark, behaviours, told):
    past = _events(spark, *(("a", *behaviour) for behaviour in behaviours))
    assert measurable(_trial(spark, past, past.limit(0))) == told
