"""Log-likelihood of targets under the softmax over the catalogue: complete, or by shared sampled negatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from keras import ops

_FAR = -1e9


@dataclass(frozen=True)
class Negatives:
    """Products drawn with replacement, shared by all targets of a step."""

    items: object  # int32 [draws]
    log_expected: object  # float32 [draws], log of (draws × probability of the product)


def catalogue_log_likelihood(queries, targets, table, bias, negatives: Negatives | None = None):
    """log p(target) under softmax(queries · table + bias), padding (index 0) left out.

    Args:
        queries: float [targets, width].
        targets: int32 [targets].
        table, bias: the product embeddings [products + 1, width] and biases [products + 1].
        negatives: None for the complete sum over the catalogue. Else the sum over all other products is
            estimated from the draws, each divided by its expected count: the logQ correction of
            Bengio & Senécal (2008). A draw that hits the target itself is left out (it is counted already).

    Returns:
        float32 [targets].
    """
    table = ops.cast(table, queries.dtype)
    own = ops.cast(ops.sum(queries * ops.take(table, targets, axis=0), axis=-1), "float32") + ops.take(bias, targets)
    if negatives is None:
        scores = ops.cast(ops.matmul(queries, ops.transpose(table)), "float32") + bias
        return own - ops.logsumexp(scores[:, 1:], axis=-1)
    drawn = ops.take(table, negatives.items, axis=0)
    scores = ops.cast(ops.matmul(queries, ops.transpose(drawn)), "float32") + ops.take(bias, negatives.items)
    others = ops.where(negatives.items[None, :] == targets[:, None], _FAR, scores - negatives.log_expected)
    return own - ops.logaddexp(own, ops.logsumexp(others, axis=-1))


class NegativeSampler:
    """Draws products by their training count to the power `alpha`: 1 is the count itself, 0 even."""

    def __init__(self, counts: np.ndarray, alpha: float = 0.75) -> None:
        """`counts`: events of each product by index; index 0 is padding and never drawn."""
        weight = np.asarray(counts, dtype=np.float64) ** alpha
        weight[0] = 0.0
        self.probability = weight / weight.sum()
        self._cumulative = np.cumsum(self.probability)

    def draw(self, generator: np.random.Generator, draws: int) -> Negatives:
        items = np.searchsorted(self._cumulative, generator.random(draws) * self._cumulative[-1], side="right")
        items = np.minimum(items, len(self.probability) - 1).astype(np.int32)
        return Negatives(items, np.log(draws * self.probability[items]).astype(np.float32))
