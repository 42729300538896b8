"""Between Arrow's lists of one length and numpy's matrices, without touching the rows one by one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def matrix_of(lists: pa.Array) -> np.ndarray:
    """[rows, length] of lists that are all of one length."""
    return lists.flatten().to_numpy(zero_copy_only=False).reshape(len(lists), -1)


def lists_of(matrix: np.ndarray) -> pa.Array:
    """One list for each row of `matrix`."""
    offsets = np.arange(0, matrix.size + 1, matrix.shape[1], dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(np.ascontiguousarray(matrix).ravel()))
