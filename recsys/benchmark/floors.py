"""What costs nothing to learn: popularity, what followed the last product, and what came near the last few. A model below it has learned nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.sparse import csr_matrix

from recsys.benchmark.protocol import Split
from recsys.models.follows import FADE, LEAST, RARITY, REACH, TRUST, Follows

Ranking = Callable[[np.ndarray], Iterator[int]]  # from the history of a user to all products worth a list, best first


def popularity(split: Split, test: bool) -> Ranking:
    """By the events of all histories; the smaller number first where they are as many."""
    order = _popular(split, test)[0]
    return lambda history: iter(order)


def markov(split: Split, test: bool) -> Ranking:
    """What came right after the last product, most often first, then by popularity; then what is popular."""
    order, products, follows = _popular(split, test)
    size = len(split.histories.names)
    counted = csr_matrix((np.ones(follows.sum()), (products[:-1][follows], products[1:][follows])), shape=(size, size))
    pairs, starts = counted.tocoo(), counted.indptr
    place = np.empty(size, int)
    place[order] = np.arange(len(order))
    best = pairs.col[np.lexsort([place[pairs.col], -pairs.data, pairs.row])]
    return lambda history: _then_popular(best[starts[history[-1]]:starts[history[-1] + 1]], order)


def neighbours(split: Split, test: bool, follows: Follows) -> Ranking:
    """What came near the last products, each heard as a follow path hears it that has learned nothing yet; then what is popular."""
    order = _popular(split, test)[0]
    totals = follows.counts.sum(axis=1)

    def ranking(history: np.ndarray) -> Iterator[int]:
        last = history[:-REACH - 1:-1]  # latest first
        heard = totals[last] ** TRUST * np.exp(FADE * np.arange(len(last)))
        said = (heard / np.maximum(totals[last], LEAST))[:, None] * follows.counts[last]
        near, places = np.unique(follows.items[last], return_inverse=True)
        scores = np.bincount(places.ravel(), said.ravel(), len(near)) / np.maximum(totals[near], LEAST) ** RARITY
        best = near[np.lexsort([near, -scores])]
        return _then_popular(best[best > 0], order)

    return ranking


def _then_popular(best: np.ndarray, order: list[int]) -> Iterator[int]:
    first = best.tolist()
    yield from first
    taken = set(first)
    yield from (product for product in order if product not in taken)


def _popular(split: Split, test: bool) -> tuple[list[int], np.ndarray, np.ndarray]:
    """All products by popularity; the products of all histories in a row; whether the next of them is of the same user."""
    histories, known = split.histories, split.known(test)
    products = histories.products[known]
    counts = np.bincount(products, minlength=len(histories.names))
    return (np.argsort(-counts[1:], kind="stable") + 1).tolist(), products, np.diff(histories.owners[known]) == 0
