"""HR@10 and NDCG@10 with all products ranked, with the products that a user had before and without them, and how sure a difference is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np
from scipy.stats import bootstrap

from recsys.benchmark.protocol import KINDS, WITH_SEEN
from recsys.training.lists import TOP, ndcg

HR, NDCG = f"hr@{TOP}", f"ndcg@{TOP}"
Figures = dict[str, dict[str, float]]
_RESAMPLES, _AT_ONCE = 1_000, 50  # of the bootstrap; so many are held in memory


class Tally:
    """The NDCG of every user, in the order they come, for lists that may hold seen products and for lists that may not.

    The hit ratio counts the users with a hit. A target that the user had before is a miss where seen products are left out.
    """

    def __init__(self) -> None:
        self._ndcg: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}

    def add(self, kind: str, lists: np.ndarray, targets: list[np.ndarray]) -> None:
        """Add users by their `lists`, int [users, up to 10], 0 where nothing is left."""
        width = max(map(len, targets))
        padded = np.stack([np.pad(own, (0, width - len(own))) for own in map(np.unique, targets)])
        self._ndcg[kind].append(ndcg(lists, padded))

    def ndcg(self, kind: str) -> np.ndarray:
        """float [users]."""
        return np.concatenate(self._ndcg[kind])

    def figures(self) -> Figures:
        """By kind: HR@10 and NDCG@10, means over users."""
        return {kind: {HR: float((self.ndcg(kind) > 0).mean()), NDCG: float(self.ndcg(kind).mean())} for kind in KINDS}


def difference(one: Tally, other: Tally, seed: int) -> Figures:
    """By kind how much higher the NDCG@10 of `one` is, with the 95 % interval of the paired bootstrap over users, who are the same."""
    return {kind: {"difference": float(gained.mean()), **_interval(gained, seed)} for kind in KINDS for gained in [one.ndcg(kind) - other.ndcg(kind)]}


def _interval(gained: np.ndarray, seed: int) -> dict[str, float]:
    if len(gained) < 2 or not np.ptp(gained):
        return {"low": float(gained.min()), "high": float(gained.max())}
    drawn = bootstrap(
        (gained,), np.mean, n_resamples=_RESAMPLES, batch=_AT_ONCE, method="percentile", random_state=np.random.default_rng(seed)
    ).confidence_interval
    return {"low": float(drawn.low), "high": float(drawn.high)}


def judge(ranking: Callable[[np.ndarray], Iterator[int]], histories: Iterable[np.ndarray], targets: Iterable[np.ndarray]) -> Tally:
    """What a method is worth that ranks products for one history."""
    tally = Tally()
    for history, wanted in zip(histories, targets):
        seen = set(history.tolist())
        for kind in KINDS:
            left = (product for product in ranking(history) if kind == WITH_SEEN or product not in seen)
            best = list(islice(left, TOP))
            tally.add(kind, np.array([best + [0] * (TOP - len(best))]), [wanted])
    return tally
