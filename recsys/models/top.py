"""The best of every row, found block by block."""

from __future__ import annotations

import math

from keras import ops

_LEAST = 4  # so many times n: below that there is nothing to win


def top_k(scores, n: int):
    """What `ops.top_k(scores, n)` gives, several times faster where rows are long; of equal scores any may be left out.

    The best n lie in the n blocks whose best are best, so only these blocks are put in order: of a row of 10,000 about a
    thousand are left.

    Args:
        scores: float [rows, size], nothing of it minus infinity.
        n: at most `size`.

    Returns:
        float [rows, n], best first; int32 [rows, n], where they stand.
    """
    rows, size = ops.shape(scores)
    width = math.isqrt(size // n)
    if width < _LEAST:
        return ops.top_k(scores, n)
    blocks = -(-size // width)
    filled = ops.concatenate([scores, ops.full((rows, blocks * width - size), -math.inf, dtype=scores.dtype)], axis=1)
    parts = ops.reshape(filled, (rows * blocks, width))
    chosen = ops.top_k(ops.reshape(ops.max(parts, axis=-1), (rows, blocks)), n)[1]
    first = ops.arange(rows, dtype=chosen.dtype)[:, None]
    best, places = ops.top_k(ops.reshape(ops.take(parts, first * blocks + chosen, axis=0), (rows, n * width)), n)
    block = ops.take(ops.reshape(chosen, (-1,)), first * n + places // width)
    return best, block * width + places % width
