"""Rows over all products, out of a few products a row."""

from keras import ops


def leave_out(scores, items):
    """`scores`, float [rows, products + 1], with -1, below every probability, for the products in `items` [rows, any], 0 padded."""
    return ops.where(among(items, ops.shape(scores)[1]), -1.0, scores)


def among(items, size: int):
    """Which products are in `items` [rows, any], 0 padded: bool [rows, size]."""
    return spread(ops.ones_like(items, dtype="float32"), items, size) > 0


def spread(weights, places, size: int):
    """Add each weight [rows, places] to its product: float [rows, size]; padding (index 0) gets nothing."""
    rows = ops.shape(places)[0]
    flat = ops.reshape(places + size * ops.arange(rows, dtype=places.dtype)[:, None], (-1,))
    kept = ops.reshape(ops.where(places > 0, weights, 0.0), (-1,))
    return ops.reshape(ops.segment_sum(kept, flat, num_segments=rows * size), (rows, size))
