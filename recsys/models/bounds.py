"""How much a step may hold at once when every product gets a probability."""

from __future__ import annotations

_CELLS = 2**25  # rows × products, 128 MB in each of the few passes: of 128 rows, fewer are taken from 262,144 products on


def rows_at_once(batch_size: int, products: int) -> int:
    """`batch_size`, or as many rows as keep rows × products within bounds whatever the catalogue."""
    return max(min(batch_size, _CELLS // products), 1)
