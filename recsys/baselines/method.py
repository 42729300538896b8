"""The contract of everything that recommends: learn from a history, then name products for users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pyspark.sql import DataFrame

Keep = Callable[[DataFrame], DataFrame]


class Method(Protocol):
    """A way to recommend. `tests/baselines/test_contract.py` holds every one of them to this.

    `recommend` may name fewer than n products, or none for a user it knows nothing about; whoever deploys
    it completes the list. Ties are broken by `item_id`, and the same history gives the same lists.
    """

    name: str

    def fit(self, history: DataFrame) -> None:
        """Learn from `history`, rows of the events table without returns."""

    def recommend(self, users: DataFrame, n: int) -> DataFrame:
        """The best products of each of `users` [user_id]: [user_id, item_id, rank], ranks 1, 2, … up to n."""


Maker = Callable[[Keep], Method]  # makes a method, given where it may hold what it learns


def as_is(learned: DataFrame) -> DataFrame:
    """Hold nothing: what was learned is computed again whenever it is used. A job hands in a cache instead."""
    return learned
