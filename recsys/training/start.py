"""Where product embeddings start: not at random, but near to the products that the same windows hold."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.sparse import csr_matrix, diags
from sklearn.utils.extmath import randomized_svd

LENGTH = 0.5  # mean length of the vectors of products in any window; random ones are of about that length when they have been trained
_NOISE = 0.01  # so that two products of the same windows can be told apart


def product_vectors(windows: Iterable[np.ndarray], products: int, width: int, seed: int) -> np.ndarray:
    """Vectors of all products, float32 [products + 1, width]; row 0, padding, is 0.

    They are the right singular vectors, times the root of their singular values, of the matrix windows × products
    (PureSVD, Cremonesi et al. 2010), whose rows and columns are divided by the root of how many products or windows
    they hold, so that neither long histories nor popular products dominate. A few hundred steps cannot learn from
    random vectors which products go together.

    Args:
        windows: int [rows, any], the products of some windows, 0 where there is none.
    """
    held = _held(windows, products)
    rows, columns = (np.sqrt(np.maximum(np.asarray(held.sum(axis=axis)).ravel(), 1.0)) for axis in (1, 0))
    balanced = diags(1.0 / rows) @ held @ diags(1.0 / columns)
    ranks = max(min(width, min(held.shape) - 1), 1)
    _, values, right = randomized_svd(balanced, ranks, random_state=seed)
    vectors = np.zeros((products + 1, width))
    vectors[:, :ranks] = right.T * np.sqrt(values)
    lengths = np.linalg.norm(vectors[held.getnnz(axis=0) > 0], axis=1)  # of a large catalogue most are in no window here
    vectors *= LENGTH / max(lengths.mean() if len(lengths) else 0.0, 1e-9)
    vectors += np.random.default_rng(seed).normal(0.0, _NOISE, vectors.shape)
    vectors[0] = 0.0
    return vectors.astype(np.float32)


def _held(windows: Iterable[np.ndarray], products: int) -> csr_matrix:
    """bool as float [rows, products + 1]: whether a window holds a product; windows without any are left out."""
    places, items, rows = [], [], 0
    for some in windows:
        row, column = np.nonzero(some)
        numbers = np.unique(row, return_inverse=True)[1]
        places.append(rows + numbers)
        items.append(some[row, column])
        rows += int(numbers.max(initial=-1)) + 1
    if not rows:
        return csr_matrix((1, products + 1))
    held = csr_matrix((np.ones(sum(map(len, items))), (np.concatenate(places), np.concatenate(items))), shape=(rows, products + 1))
    held.data[:] = 1.0  # csr sums what stands twice
    return held
