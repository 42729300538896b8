"""The ten likeliest products of a model under training, and how good they are: NDCG@10 over all products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby

import numpy as np

from recsys import columns as c
from recsys.models.compiled import compiled
from recsys.models.places import among
from recsys.models.recommender import NOT_MOVED, Moves, Recommender
from recsys.models.top import top_k

TOP = 10
_DISCOUNT = 1.0 / np.log2(np.arange(TOP) + 2.0)


def make_scorer(
    model: Recommender, condition: int, behaviour: int, without_seen: bool = False, moves: Sequence[Moves] = (NOT_MOVED,)
) -> Callable[[dict], np.ndarray]:
    """A function from a batch to the indices of its ten likeliest products, int32 [moves, rows, 10]; fewer where there are fewer.

    Args:
        without_seen: leave out the products of the row's window and memory.
        moves: see `Recommender.mixed` and `leaning`; each gives lists of its own.
    """
    from keras import ops

    length = min(TOP, model.products + 1)  # padding counts as a place, and is never liked

    def best(batch: dict):
        said = model.by_path(batch, condition, behaviour)
        seen = among(ops.concatenate([batch[c.ITEMS], batch[c.MEMORY_ITEMS]], axis=1), model.products + 1) if without_seen else None

        def listed(leant, move):
            scores = model.mixed(leant, *ops.unstack(move))
            return top_k(scores if seen is None else ops.where(seen, -1.0, scores), length)[1]

        lists = []
        for others, alike in groupby(moves, key=lambda move: move.others):
            leant, rest = model.leaning(said, others), [move[:-1] for move in alike]
            lists.append(ops.map(partial(listed, leant), ops.convert_to_tensor(rest, "float32")))
        return ops.concatenate(lists)

    top = compiled(best)
    return lambda batch: ops.convert_to_numpy(top(batch))


def ndcg(lists: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """NDCG of each row of `lists` [rows, top] against its distinct `targets` [rows, any], 0 padded. Gains are 0 or 1."""
    gains = (lists[:, :, None] == targets[:, None, :]) & (targets[:, None, :] > 0)
    reached = (gains.any(axis=2) * _DISCOUNT[: lists.shape[1]]).sum(axis=1)
    ideal = np.concatenate([[0.0], np.cumsum(_DISCOUNT)])
    return reached / np.maximum(ideal[np.minimum((targets > 0).sum(axis=1), TOP)], 1e-12)
