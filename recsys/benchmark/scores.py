"""HR@10 and NDCG@10 with all products ranked, with the products that a user had before and without them, and how sure a difference is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
from scipy.stats import bootstrap

from recsys.benchmark.protocol import KINDS, WITH_SEEN, WITHOUT_SEEN
from recsys.training.lists import TOP, ndcg

HR, NDCG = f"hr@{TOP}", f"ndcg@{TOP}"
Figures = dict[str, dict[str, float]]
_RESAMPLES, _RESAMPLES_AT_ONCE = 1_000, 50  # of the bootstrap; so many are held in memory
_USERS_AT_ONCE = 1_024  # who are judged at a time


class Tally:
    """The NDCG of every user, in the order they come, for lists that may hold seen products and for lists that may not.

    The hit ratio counts the users with a hit. A target that the user had before is a miss where seen products are left out.
    """

    def __init__(self) -> None:
        self._ndcg: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}

    def add(self, kind: str, lists: np.ndarray, targets: Sequence[np.ndarray]) -> None:
        """Add users by their `lists`, int [users, up to 10], 0 where nothing is left, and the products to be found, for each user."""
        for start in range(0, len(lists), _USERS_AT_ONCE):
            some = slice(start, start + _USERS_AT_ONCE)
            self._ndcg[kind].append(ndcg(lists[some], _distinct(targets[some])))

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
        (gained,), np.mean, n_resamples=_RESAMPLES, batch=_RESAMPLES_AT_ONCE, method="percentile", random_state=np.random.default_rng(seed)
    ).confidence_interval
    return {"low": float(drawn.low), "high": float(drawn.high)}


def judge(ranking: Callable[[np.ndarray], Iterator[int]], histories: Iterable[np.ndarray], targets: Iterable[np.ndarray]) -> Tally:
    """What a method is worth that ranks products for one history."""
    lists: dict[str, list[list[int]]] = {kind: [] for kind in KINDS}
    for history in histories:
        for kind, best in zip((WITH_SEEN, WITHOUT_SEEN), _best(ranking(history), set(history.tolist()))):
            lists[kind].append(best + [0] * (TOP - len(best)))
    tally, wanted = Tally(), list(targets)
    for kind in KINDS:
        tally.add(kind, np.array(lists[kind]), wanted)
    return tally


def _best(ranked: Iterator[int], seen: set[int]) -> tuple[list[int], list[int]]:
    """The first ten of `ranked`, and the first ten that are not `seen`."""
    first = list(islice(ranked, TOP))
    new = [product for product in first if product not in seen]
    return first, new + list(islice((product for product in ranked if product not in seen), TOP - len(new)))


def _distinct(targets: Sequence[np.ndarray]) -> np.ndarray:
    """Each of a user's products once, int [users, any], 0 padded."""
    owners = np.repeat(np.arange(len(targets)), [len(own) for own in targets])
    rows, products = np.unique([owners, np.concatenate(targets)], axis=1)
    places = np.arange(len(rows)) - np.searchsorted(rows, rows)
    padded = np.zeros((len(targets), places.max(initial=0) + 1), int)
    padded[rows, places] = products
    return padded
