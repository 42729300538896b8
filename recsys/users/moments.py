"""Mean, deviation, minimum, maximum and Pearson correlation of many attributes, in one pass over a table.

A block is shifted by its own mean before it is squared, so that a large mean (a year, an amount of cents)
cannot swallow a small deviation; blocks are joined by the formula of Chan, Golub and LeVeque.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyspark.sql import DataFrame

from recsys.faults import BadData
from recsys.users.aggregate import aggregate, read_columns


@dataclass(frozen=True)
class Moments:
    rows: int
    mean: np.ndarray  # [attributes]
    gram: np.ndarray  # [attributes, attributes]: sums of products of differences from the mean
    minimum: np.ndarray
    maximum: np.ndarray

    @classmethod
    def of(cls, block: np.ndarray) -> Moments:
        """The moments of a block [rows, attributes]."""
        mean = block.mean(axis=0)
        shifted = block - mean
        return cls(len(block), mean, shifted.T @ shifted, block.min(axis=0), block.max(axis=0))

    def merge(self, other: Moments) -> Moments:
        """The moments of both sets of rows together."""
        rows = self.rows + other.rows
        apart = other.mean - self.mean
        return Moments(
            rows,
            self.mean + apart * (other.rows / rows),
            self.gram + other.gram + np.outer(apart, apart) * (self.rows * other.rows / rows),
            np.minimum(self.minimum, other.minimum),
            np.maximum(self.maximum, other.maximum),
        )

    @property
    def constant(self) -> np.ndarray:
        """True for the attributes that never differ from row to row."""
        return self.minimum == self.maximum

    @property
    def deviation(self) -> np.ndarray:
        """Sample standard deviations, over N - 1; 0 for constant attributes."""
        variance = np.diag(self.gram) / max(self.rows - 1, 1)
        return np.where(self.constant, 0.0, np.sqrt(variance))

    @property
    def correlation(self) -> np.ndarray:
        """Pearson correlations, P1 eq. (3); NaN where an attribute is constant."""
        spread = np.where(self.constant, np.nan, self.deviation)
        return np.clip(self.gram / (self.rows - 1 or 1) / np.outer(spread, spread), -1.0, 1.0)


def moments(rows: DataFrame, attributes: Sequence[str]) -> Moments:
    """The moments of the double columns `attributes`, which hold no null.

    Raises:
        BadData: there are no rows.
    """
    found = aggregate(rows.select(*attributes), read_columns, Moments.of)
    if found is None:
        raise BadData(
            "No user has any behaviour in the training period, so there is nothing to fit attributes on. The log is "
            "shorter than split.test_days + split.validation_days, or --ds lies before it: shorten these or check the day."
        )
    return found
