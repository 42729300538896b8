"""HR@10 and NDCG@10 with all products ranked, with the products that a user had before and without them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np

from recsys.benchmark.protocol import KINDS, WITH_SEEN
from recsys.training.lists import TOP, ndcg

Figures = dict[str, dict[str, float]]


class Tally:
    """Sums of both figures over users, for lists that may hold seen products and for lists that may not.

    The hit ratio counts the users with a hit. A target that the user had before is a miss where seen products are left out.
    """

    def __init__(self) -> None:
        self._sums = {kind: np.zeros(3) for kind in KINDS}  # hits, gains, users

    def add(self, kind: str, lists: np.ndarray, targets: list[np.ndarray]) -> None:
        """Add users by their `lists`, int [users, up to 10], 0 where nothing is left."""
        width = max(map(len, targets))
        padded = np.stack([np.pad(own, (0, width - len(own))) for own in map(np.unique, targets)])
        gains = ndcg(lists, padded)
        self._sums[kind] += (gains > 0).sum(), gains.sum(), len(targets)

    def figures(self) -> Figures:
        """By kind: HR@10 and NDCG@10, means over users."""
        means = {kind: (sums[:2] / max(sums[2], 1)).tolist() for kind, sums in self._sums.items()}
        return {kind: dict(zip((f"hr@{TOP}", f"ndcg@{TOP}"), own)) for kind, own in means.items()}


def judge(ranking: Callable[[np.ndarray], Iterator[int]], histories: Iterable[np.ndarray], targets: Iterable[np.ndarray]) -> Figures:
    """The figures of a method that ranks products for one history."""
    tally = Tally()
    for history, wanted in zip(histories, targets):
        seen = set(history.tolist())
        for kind in KINDS:
            left = (product for product in ranking(history) if kind == WITH_SEEN or product not in seen)
            best = list(islice(left, TOP))
            tally.add(kind, np.array([best + [0] * (TOP - len(best))]), [wanted])
    return tally.figures()
