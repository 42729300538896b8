"""From Arrow rows of `sequences` to numpy batches of one fixed shape, and from scores to ranked rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pyarrow as pa

from recsys import columns as c
from recsys.sequences.arrow import matrix_of
from recsys.sequences.shape import ARRAYS, NUMBERS, OF_EVENTS, OF_MEMORY, trimmed_width

_DIGITS = 6  # float32 carries seven; the last one depends on the order of additions


def stack(rows: pa.RecordBatch) -> dict[str, np.ndarray]:
    """The columns of `rows` as numpy arrays: [rows, length] for the fixed-length arrays, [rows] for the numbers."""
    arrays = {name: matrix_of(rows.column(name)) for name in ARRAYS}
    return arrays | {name: rows.column(name).to_numpy(zero_copy_only=False) for name in NUMBERS}


def ragged(lists: pa.Array) -> list[np.ndarray]:
    """One numpy array for each list of `lists`; a null list is an empty one."""
    values = lists.flatten().to_numpy(zero_copy_only=False)
    sizes = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    return np.split(values, np.cumsum(sizes)[:-1]) if len(lists) else []


def known(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The positions of the users that the model knows anything of: an event in the window, or an older product."""
    return np.flatnonzero((arrays[c.LENGTH] > 0) | (arrays[c.MEMORY_ITEMS] > 0).any(axis=1))


def alike(arrays: dict[str, np.ndarray], positions: np.ndarray) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
    """Those of `positions` whose windows need the same width, each time with `arrays` cut to that.

    Most histories are short, and a model would spend most of its time on padding. Widths are a quarter of the window, half
    of it, or all, and the memory where there is one. They follow from a user's own row, so that the scores do not depend on
    who else is asked for.
    """
    full, memory = arrays[c.ITEMS].shape[1], arrays[c.MEMORY_ITEMS].shape[1]
    widths = np.unique(np.minimum(trimmed_width(np.array([full // 4, full // 2, full])), full))
    needed = widths[np.searchsorted(widths, arrays[c.LENGTH][positions])]
    remembers = (arrays[c.MEMORY_ITEMS][positions] > 0).any(axis=1)
    nothing = min(int(trimmed_width(np.array(0))), memory)
    for width, remembered in product(widths, (False, True)):
        own, places = positions[(needed == width) & (remembers == remembered)], memory if remembered else nothing
        if len(own):
            cut = dict.fromkeys(OF_EVENTS, width) | dict.fromkeys(OF_MEMORY, places)
            yield {name: array[:, :cut[name]] if name in cut else array for name, array in arrays.items()}, own


def fixed(positions: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, int]]:
    """Slices of `positions`, all of length `size`, each with how many of them count.

    The last slice is filled up by repeating its last position: the model then always sees one shape, is
    compiled once, and computes a user's scores alike whoever shares the batch.
    """
    for start in range(0, len(positions), size):
        part = positions[start:start + size]
        yield np.pad(part, (0, size - len(part)), mode="edge"), len(part)


def ranked(indices: np.ndarray, scores: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The best `n` of every row by rounded score, ties by item index; index 0 (nothing left) goes last."""
    rounded = np.where(indices > 0, significant(scores), -1.0)
    order = np.lexsort((indices, -rounded), axis=-1)[:, :n]
    return np.take_along_axis(indices, order, axis=1), np.take_along_axis(rounded, order, axis=1)


def significant(values: np.ndarray, digits: int = _DIGITS) -> np.ndarray:
    """`values` ≥ 0 rounded to `digits` significant digits, as float64."""
    values = np.asarray(values, dtype=np.float64)
    places = digits - 1 - np.floor(np.log10(np.where(values > 0, values, 1.0)))
    scale = 10.0 ** np.minimum(places, 300)
    return np.round(values * scale) / scale
