"""Which products come near each other in histories: counts that the follow path reads from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

REACH = 8  # events apart, at most, that two products count as near, and that the follow path looks back
_BACKWARD = 0.5  # what a product that comes before counts, against one that comes after
_SPARE = 4  # times as many neighbours are kept until the counts of all ranks are added up
_AT_ONCE = 4_000_000  # pairs that are added up at a time


def nearness(apart: np.ndarray) -> np.ndarray:
    """What a product counts as a neighbour of one that stands `apart` events before it (negative: after it)."""
    distance = np.maximum(np.abs(apart), 1)
    return np.where((apart == 0) | (distance > REACH), 0.0, np.where(apart > 0, 1.0, _BACKWARD) / distance).astype(np.float32)


@dataclass(frozen=True)
class Follows:
    """For each product [products + 1, neighbours], most counted first, 0 where there are no more. Row 0 is padding."""

    items: np.ndarray  # int32
    counts: np.ndarray  # float32


def count_follows(windows: Iterable[np.ndarray], products: int, neighbours: int) -> csr_matrix:
    """The summed `nearness` of every two different products over all windows, [products + 1, products + 1].

    Of each product the `neighbours`, times a few, with the highest sums are kept.

    Args:
        windows: int [rows, any], products in the order of their events, 0 padded at the end.
    """
    total, waiting, held = csr_matrix((products + 1, products + 1), dtype=np.float32), [], 0
    for window in windows:
        for apart in range(1, min(REACH, window.shape[1] - 1) + 1):
            first, second = window[:, :-apart], window[:, apart:]
            near = (second > 0) & (first != second)
            waiting.append((first[near], second[near], np.full(near.sum(), 1.0 / apart, np.float32)))
            held += near.sum()
        if held > _AT_ONCE:
            total, waiting, held = total + _added_up(waiting, products), [], 0
    forward = total + _added_up(waiting, products)
    return most(forward + _BACKWARD * forward.T, _SPARE * neighbours)


def follows_of(counts: Iterable[csr_matrix], neighbours: int) -> Follows:
    """The neighbours of every product by the sum of `counts`."""
    total = most(sum(counts), neighbours)
    rows = np.repeat(np.arange(total.shape[0]), np.diff(total.indptr))
    places = np.arange(len(rows)) - total.indptr[rows]
    items, sums = (np.zeros((total.shape[0], neighbours), kind) for kind in (np.int32, np.float32))
    items[rows, places], sums[rows, places] = total.indices, total.data
    return Follows(items, sums)


def most(counts: csr_matrix, kept: int) -> csr_matrix:
    """Of each row the `kept` highest counts, highest first; ties by column."""
    counts = counts.tocsr()
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    order = np.lexsort([counts.indices, -counts.data, rows])
    order = order[np.arange(len(order)) - counts.indptr[rows] < kept]
    pointers = np.concatenate([[0], np.cumsum(np.bincount(rows[order], minlength=counts.shape[0]))])
    return csr_matrix((counts.data[order], counts.indices[order], pointers), shape=counts.shape)


def _added_up(pairs: list[tuple[np.ndarray, ...]], products: int) -> csr_matrix:
    if not pairs:
        return csr_matrix((products + 1, products + 1), dtype=np.float32)
    first, second, weight = (np.concatenate(part) for part in zip(*pairs))
    return coo_matrix((weight, (first, second)), shape=(products + 1, products + 1)).tocsr()
