"""Products that came up after a model had learned: their vectors and biases, out of what it knows of those beside them."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from recsys.models.follows import LEAST, Follows
from recsys.models.recommender import Recommender


def admit(follows: Follows, model: Recommender, larger: Recommender) -> None:
    """Give `larger` all that `model` learned, and what that says of the newcomers in `follows`, which only the former has rows for.

    What is counted of products is not copied: `larger.fill(follows)` brings it.
    """
    for learned, variable in zip(model.kept, larger.kept, strict=True):
        if learned.shape == variable.shape:
            variable.assign(learned)
    vectors, biases = np.array(model.table), np.array(model.bias)
    larger.table.assign(np.concatenate([vectors, vectors_of(follows, vectors)]))
    larger.bias.assign(np.concatenate([biases, biases_of(follows, biases)]))


def vectors_of(follows: Follows, learned: np.ndarray) -> np.ndarray:
    """For each newcomer the mean of the vectors of its neighbours, weighted by their counts; zeros where it has none that was learned.

    Args:
        learned: float [products + 1, width], the vectors of all others.

    Returns:
        float32 [newcomers, width].
    """
    items, counts = follows.items[len(learned):], follows.counts[len(learned):]
    known = (items > 0) & (items < len(learned))
    weights = np.where(known, counts, 0.0).astype(np.float32)
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), LEAST)
    places = np.arange(len(items) + 1) * items.shape[1]
    return csr_matrix((shares.ravel(), np.where(known, items, 0).ravel(), places), shape=(len(items), len(learned))) @ learned


def biases_of(follows: Follows, learned: np.ndarray) -> np.ndarray:
    """For each newcomer the bias that learned products have which come near others as often: on the line through log count and bias.

    Args:
        learned: float [products + 1], the biases of all others.

    Returns:
        float32 [newcomers].
    """
    volume = follows.counts.sum(axis=1)
    known = np.flatnonzero(volume[: len(learned)] > LEAST)
    of_new = volume[len(learned):]
    if len(known) < 2 or np.ptp(volume[known]) < LEAST:
        return np.full(len(of_new), learned[1:].mean(), np.float32)
    logs = np.log(volume[known])
    line = np.polyfit(logs, learned[known], 1)
    return np.polyval(line, np.clip(np.log(np.maximum(of_new, LEAST)), logs.min(), logs.max())).astype(np.float32)
