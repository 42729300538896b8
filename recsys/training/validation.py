"""How good the model is on the validation part, while it trains, and how its paths are balanced for that."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice

import numpy as np

from recsys.models.recommender import NOT_MOVED, Moves, Recommender
from recsys.sequences.feed import WindowFeed
from recsys.sequences.shape import Batch
from recsys.sequences.shares import rows_in
from recsys.training.balance import added, balanced, best_move, ndcg_sums, rounds_of
from recsys.training.lists import make_scorer
from recsys.training.plan import Plan
from recsys.training.signs import TOGETHER, VALIDATING

_LOOKED_AT = 2**26  # rows × products by which shares are moved, over all ranks: with 12,000 products 5,600 rows


class Validation:
    """The validation users of one rank, of many a random part, the same after every epoch. All ranks judge together, and come to the same.

    Args:
        feed: this rank's share of the validation part.
        at: is told what the rank goes on to, one of the words of `recsys.training.signs`.
    """

    def __init__(self, plan: Plan, model: Recommender, feed: WindowFeed, horovod, at: Callable[[str], None]) -> None:
        self.model, self.feed, self.horovod, self.at = model, feed, horovod, at
        rounds = rounds_of(plan.definition, plan.without_seen, plan.lately is not None, bool(plan.likeness_files))
        self.top, *lists = (make_scorer(model, plan.condition, plan.behaviour, plan.without_seen, moves) for moves in ((NOT_MOVED,), *rounds))
        self.rounds = list(zip(rounds, lists))
        users = feed.batch_size * horovod.size()  # of a step
        self.judged = math.ceil(plan.settings.validation_users / users)  # batches
        self.looked_at = math.ceil(_LOOKED_AT / (users * (plan.products + 1)))

    def judge(self) -> tuple[float | None, Moves]:
        """The mean NDCG@10 over the users of all ranks, None where there are none; and how shares are moved for it.

        The first users choose among the moves, round by round, then the rest are listed by the chosen ones alone.
        """
        batches, chosen = self._batches(), NOT_MOVED
        first = list(islice(batches, self.looked_at))
        for moves, lists in self.rounds:
            with balanced(self.model, chosen):
                sums = self._total(ndcg_sums(first, lists, len(moves)))
            best = best_move(sums)
            chosen = added(chosen, moves[best])
        with balanced(self.model, chosen):
            rest = self._total(ndcg_sums(batches, self.top, 1))
        total, users = sums[best, 0] + rest[0, 0], sums[-1, 0] + rest[-1, 0]
        return float(total / users) if users else None, chosen

    def _total(self, values: np.ndarray) -> np.ndarray:
        """`values`, float64, added up over all ranks."""
        import tensorflow as tf

        self.at(TOGETHER)
        return self.horovod.allreduce(tf.constant(values, tf.float64), op=self.horovod.Sum).numpy()

    def _batches(self) -> Iterator[Batch]:
        with closing(self.feed.epoch(0)) as batches:
            for batch in islice(batches, self.judged) if rows_in(self.feed.files) else ():
                self.at(VALIDATING)
                yield batch
