"""Products drawn to stand for the rest of the catalogue in the sampled softmax. Plain numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Negatives:
    """Products drawn with replacement, shared by all targets of a step."""

    items: object  # int32 [draws]
    log_expected: object  # float32 [draws], log of (draws × probability of the product)


class NegativeSampler:
    """Draws products by their training count to the power `alpha`: 1 is the count itself, 0 even.

    A product without an event counts as having one: what is never drawn is never pushed down, and would outrank the rare.
    """

    def __init__(self, counts: np.ndarray, alpha: float = 0.75) -> None:
        """`counts`: events of each product by index; index 0 is padding and never drawn."""
        weight = np.maximum(np.asarray(counts, dtype=np.float64), 1.0) ** alpha
        weight[0] = 0.0
        self.probability = weight / weight.sum()
        self._cumulative = np.cumsum(self.probability)

    def draw(self, generator: np.random.Generator, draws: int) -> Negatives:
        items = np.searchsorted(self._cumulative, generator.random(draws) * self._cumulative[-1], side="right")
        items = np.minimum(items, len(self.probability) - 1).astype(np.int32)
        return Negatives(items, np.log(draws * self.probability[items]).astype(np.float32))
