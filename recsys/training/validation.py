"""How good the model is on the validation part, while it trains: NDCG@10 over all products, on all ranks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from recsys import columns as c
from recsys.models.compiled import compiled
from recsys.models.recommender import Recommender, leave_out

TOP = 10
_DISCOUNT = 1.0 / np.log2(np.arange(TOP) + 2.0)


def make_scorer(model: Recommender, condition: int, behaviour: int, without_seen: bool = False) -> Callable[[dict], np.ndarray]:
    """A function from a batch to the indices of its ten likeliest products, int32 [rows, 10]; fewer where there are fewer.

    `without_seen` leaves out the products of the row's window and memory.
    """
    from keras import ops

    length = min(TOP, model.products + 1)  # padding counts as a place, and is never liked

    def best(batch: dict):
        scores = model(batch, condition=condition, behaviour=behaviour)
        if without_seen:
            scores = leave_out(scores, ops.concatenate([batch[c.ITEMS], batch[c.MEMORY_ITEMS]], axis=1))
        return ops.top_k(scores, length)[1]

    top = compiled(best)
    return lambda batch: ops.convert_to_numpy(top(batch))


def ndcg_sum(batches: Iterable[dict[str, np.ndarray]], top: Callable[[dict], np.ndarray]) -> tuple[float, float]:
    """The summed NDCG@10 and the number of users of `batches`; padding rows do not count."""
    total = users = 0.0
    for batch in batches:
        real = batch["weight"] > 0
        if real.any():
            total += float(ndcg(top(batch)[real], batch[c.TARGETS][real]).sum())
            users += float(real.sum())
    return total, users


def ndcg(lists: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """NDCG of each row of `lists` [rows, top] against its distinct `targets` [rows, any], 0 padded. Gains are 0 or 1."""
    gains = (lists[:, :, None] == targets[:, None, :]) & (targets[:, None, :] > 0)
    reached = (gains.any(axis=2) * _DISCOUNT[: lists.shape[1]]).sum(axis=1)
    ideal = np.concatenate([[0.0], np.cumsum(_DISCOUNT)])
    return reached / np.maximum(ideal[np.minimum((targets > 0).sum(axis=1), TOP)], 1e-12)
