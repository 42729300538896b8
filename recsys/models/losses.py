"""Log-likelihood of targets under the softmax over the catalogue: complete, or by shared sampled negatives."""

from __future__ import annotations

from keras import ops

from recsys.models.negatives import Negatives

_FAR = -1e9


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
