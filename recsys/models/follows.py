"""Which products come near each other in histories, and which are chosen lately: counts that the paths beside the catalogue read from."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

REACH = 8  # events apart, at most, that two products count as near, and that the follow path looks back
BACKWARD = 0.4  # what a product that comes before counts, against one that comes after
UNIT = 1000  # in which pairs are counted: a whole number of units each, so sums do not depend on their order
UNITS = tuple(round(UNIT / math.sqrt(apart)) for apart in range(1, REACH + 1))  # of a pair 1, 2, … events apart: 1 / √distance
LEAST = 0.01  # a count below which a product says nothing: the smallest real one is many times that
FADE = math.log(0.6)  # with which the weight of a product starts to fall for every event since
RARITY = 0.1  # the power of a product's own total by which what others say of it is divided, before the validation part says which
TRUST = 0.5  # the power of a product's count with which its weight starts: the more is known of it, the more it says
_AT_ONCE = 4_000_000  # pairs that are added up at a time


def nearness(apart: np.ndarray) -> np.ndarray:
    """What a product counts as a neighbour of one that stands `apart` events before it (negative: after it)."""
    units = np.array([0, *UNITS, 0])[np.minimum(np.abs(apart), REACH + 1)]
    return (np.where(apart > 0, 1.0, BACKWARD) * units / UNIT).astype(np.float32)


@dataclass(frozen=True)
class Follows:
    """What others did, for each product; row 0 is padding. The neighbours are most counted first, 0 where there are no more."""

    items: np.ndarray  # int32 [products + 1, neighbours]
    counts: np.ndarray  # float32, the same
    lately: np.ndarray | None = None  # float32 [products + 1]: users who chose the product lately; None where nobody counted
    alike: Follows | None = None  # the products that the same users have, and by how much they are alike; None where nobody counted
    newcomers: tuple[str, ...] = ()  # item_id of the last of these products: those that came up after the model had learned

    @classmethod
    def of_rows(cls, products: np.ndarray, items: Sequence, counts: Sequence, size: int) -> Follows:
        """From rows of the table `neighbours` in any order; a product without a row has no neighbours.

        Args:
            products: int [rows], the product of each row.
            items, counts: [rows, neighbours], or as many sequences of one length.
            size: how many products there are.
        """
        width = len(items[0]) if len(items) else 0
        follows = cls(np.zeros((size + 1, width), np.int32), np.zeros((size + 1, width), np.float32))
        if width:
            follows.items[products], follows.counts[products] = np.stack(items), np.stack(counts)
        return follows

    @property
    def digest(self) -> str:
        """Equal for equal counts."""
        digest = hashlib.sha256(repr(self.items.shape).encode())
        for part in (self.items, self.counts, *([] if self.lately is None else [self.lately])):
            digest.update(np.ascontiguousarray(part))
        digest.update(repr(self.newcomers).encode())
        return digest.hexdigest() + (self.alike.digest if self.alike else "")

    def fitted(self, neighbours: int) -> Follows:
        """The first `neighbours` of every product, or zeros where there are fewer."""
        missing = max(neighbours - self.items.shape[1], 0)
        return Follows(*(np.pad(part[:, :neighbours], ((0, 0), (0, missing))) for part in (self.items, self.counts)), self.lately)


def count_follows(windows: Iterable[np.ndarray], products: int, neighbours: int) -> Follows:
    """The `neighbours` of every product with the highest summed `nearness` over all windows, ties by the smaller index.

    `recsys.sequences.neighbours` counts the same on a cluster, where a history is not cut into windows.

    Args:
        windows: int [rows, any], products in the order of their events, 0 padded at the end.
    """
    forward, waiting, held = csr_matrix((products + 1, products + 1), dtype=np.float64), [], 0
    for window in windows:
        for apart in range(1, min(REACH, window.shape[1] - 1) + 1):
            first, second = window[:, :-apart], window[:, apart:]
            near = (second > 0) & (first != second)
            waiting.append((first[near], second[near], np.full(near.sum(), float(UNITS[apart - 1]))))
            held += near.sum()
        if held > _AT_ONCE:
            forward, waiting, held = forward + _added_up(waiting, products), [], 0
    forward = forward + _added_up(waiting, products)
    counts = ((forward + BACKWARD * forward.T) / UNIT).tocoo()
    return Follows.of_rows(*most_counted(counts.row, counts.col, counts.data, neighbours), products)


def most_counted(products: np.ndarray, others: np.ndarray, counts: np.ndarray, neighbours: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each product the others with the highest counts, highest first, ties by the smaller index.

    Args:
        products, others, counts: [pairs], each pair of products once, in any order.

    Returns:
        int [rows], the products that have any; int32 and float32 [rows, neighbours], the others and their counts, 0 padded.
    """
    products, others, counts, places = leading(products, others, counts, neighbours)
    found, rows = np.unique(products, return_inverse=True)
    items, sums = (np.zeros((len(found), neighbours), kind) for kind in (np.int32, np.float32))
    items[rows, places], sums[rows, places] = others, counts
    return found, items, sums


def leading(products: np.ndarray, others: np.ndarray, counts: np.ndarray, neighbours: int) -> tuple[np.ndarray, ...]:
    """The pairs that `most_counted` keeps, in its order: products, others, counts, and the place of each among those of its product."""
    order = np.lexsort([others, -counts, products])
    products, others, counts = products[order], others[order], counts[order]
    starts = np.flatnonzero(np.diff(products, prepend=-1))
    places = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    kept = places < neighbours
    return products[kept], others[kept], counts[kept], places[kept]


def _added_up(pairs: list[tuple[np.ndarray, ...]], products: int) -> csr_matrix:
    if not pairs:
        return csr_matrix((products + 1, products + 1))
    first, second, weight = (np.concatenate(part) for part in zip(*pairs))
    return coo_matrix((weight, (first, second)), shape=(products + 1, products + 1)).tocsr()
