"""Log-likelihood of targets under the softmax over the catalogue: complete, or by shared sampled negatives."""

from __future__ import annotations

from keras import ops

from recsys.models.negatives import Negatives

_FAR = -3e4  # a score by which nothing is ever expected, and which half precision can hold


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
        return own - ops.logsumexp(_scores(queries, table, without_padding(bias)), axis=-1)
    scores = _scores(queries, ops.take(table, negatives.items, axis=0), ops.take(bias, negatives.items) - negatives.log_expected)
    others = ops.where(negatives.items[None, :] == targets[:, None], _FAR, scores)
    return own - ops.logaddexp(own, ops.logsumexp(others, axis=-1))


def without_padding(bias):
    """`bias`, [products + 1], by which padding is never expected; float32."""
    return ops.concatenate([ops.full((1,), _FAR), ops.cast(bias[1:], "float32")])


def _scores(queries, table, bias):
    """queries · table + bias, float32 [queries, rows of the table].

    The bias is one more column of the table: added to so large a result it would cost one more pass over it, and its
    gradient another.
    """
    ones = ops.ones_like(queries[:, :1])
    keys = ops.concatenate([table, ops.cast(bias, table.dtype)[:, None]], axis=1)
    return ops.cast(ops.matmul(ops.concatenate([queries, ones], axis=1), ops.transpose(keys)), "float32")
