"""Random draws that depend on nothing but the seed, on what is drawn, and for whom.

A draw is a hash of seed, purpose and keys. So a row holds the same values however Spark divides the work and
in every version of it, and no draw needs to know another one.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

_DROPPED_BITS = 11  # of a hash of 64: a double holds the other 53 exactly
_STEP = 2.0**-53


@dataclass(frozen=True)
class Lots:
    """The draws of one seed. Keys are columns of whole numbers; each purpose is a stream of its own."""

    seed: int

    def uniform(self, purpose: str, *keys: str | Column) -> Column:
        """A number in 0 <= u < 1."""
        numbers = [_column(key).cast("bigint") for key in keys]
        ticket = F.xxhash64(F.lit(self.seed).cast("bigint"), F.lit(purpose), *numbers)
        return F.shiftrightunsigned(ticket, _DROPPED_BITS) * F.lit(_STEP)

    def below(self, n: int | Column, purpose: str, *keys: str | Column) -> Column:
        """One of 0 .. n - 1, each as likely as the other."""
        return F.floor(self.uniform(purpose, *keys) * n)

    def happens(self, share: float | Column, purpose: str, *keys: str | Column) -> Column:
        """True in `share` of all cases."""
        return self.uniform(purpose, *keys) < share

    def rank(self, n: int | Column, purpose: str, *keys: str | Column) -> Column:
        """One of 0 .. n - 1, rank r about as likely as 1 / (r + 1): the inverse of a power law, in one step."""
        drawn = F.floor(F.pow(n + F.lit(1.0), self.uniform(purpose, *keys))) - 1
        return F.least(drawn, n - F.lit(1)).cast("bigint")  # the power can be rounded up to n + 1


def spread_evenly(number: str, irrational: float) -> Column:
    """A number in 0 <= u < 1 for each of 0, 1, 2 ..., such that any run of them fills the range evenly."""
    turns = F.col(number) * F.lit(irrational)
    return turns - F.floor(turns)


def _column(key: str | Column) -> Column:
    return F.col(key) if isinstance(key, str) else key
