"""The three rates of the second paper, of lists made when the held-out part began, as plain numpy.

    click_through_rate  listed products that the user touched, of all that were listed
    transaction_rate    listed products that were bought, of those that the user touched
    favourable_rate     listed products that were collected, or rated as praise, of those that were bought or rated

Each is a ratio of sums over users, not a mean of the users' own ratios. The papers give no definitions; these
are ours. Nobody saw the lists, so a touch is what users did without them. Users who never came back have no
list here: they would lower every method's click-through rate by the same factor, and change no other rate.
"""

from __future__ import annotations

import numpy as np
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.evaluation.outcomes import BOUGHT, FAVOURED, RATED, TOUCHED
from recsys.evaluation.trial import Trial

CLICK_THROUGH, TRANSACTION, FAVOURABLE = RATES = ("click_through_rate", "transaction_rate", "favourable_rate")


def rates(outcome: np.ndarray, listed: np.ndarray, k: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Numerator and denominator of every rate at list length k, each float64 [users].

    Args:
        outcome: int [users, ranks], bits of what the user did with the product of a rank; 0 for nothing.
        listed: int [users], the length of the list.
    """
    bits = outcome[:, :k]
    touched = _count(bits & TOUCHED)
    weighed = bits & (BOUGHT | RATED)
    return {
        CLICK_THROUGH: (touched, np.minimum(listed, k).astype(np.float64)),
        TRANSACTION: (_count(bits & BOUGHT), touched),
        FAVOURABLE: (_count((weighed > 0) & ((bits & FAVOURED) > 0)), _count(weighed)),
    }


def measurable(trial: Trial) -> tuple[str, ...]:
    """The rates that the log can tell of. Where it holds no behaviour that a rate is made of, that rate is not
    zero but unknown: clicks need browsing, favours need collecting or ratings."""
    def any_of(happened):
        return F.coalesce(F.bool_or(happened), F.lit(False))

    events = trial.history.select(c.BEHAVIOUR, c.RATING).unionByName(trial.held_out.select(c.BEHAVIOUR, c.RATING))
    behaviour = F.col(c.BEHAVIOUR)
    browsed, bought, collected, rated = events.agg(
        any_of(behaviour == c.BROWSE), any_of(behaviour.isin(*c.BOUGHT)), any_of(behaviour == c.COLLECT), any_of(F.col(c.RATING).isNotNull())
    ).first()
    told = {CLICK_THROUGH: browsed, TRANSACTION: browsed and bought, FAVOURABLE: (bought or rated) and (collected or rated)}
    return tuple(rate for rate in RATES if told[rate])


def _count(bits: np.ndarray) -> np.ndarray:
    return (bits > 0).sum(axis=1).astype(np.float64)
