"""The kinds of users that are planted: how often they come, when, for what, and what they do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from recsys import columns as c


@dataclass(frozen=True)
class Kind:
    name: str
    share: float  # of the users; shares are rescaled where only some kinds are planted
    gap: int  # days from visit to visit
    jitter: int  # days that a visit may be late; below the gap, so that visits stay in order
    on_weekends: bool  # comes on Saturdays and Sundays; only with a gap of whole weeks
    mornings: float  # share of visits in the morning; the others are in the evening
    discoveries: float  # products that a visit comes upon by taste
    staples: float  # products that are bought again and again
    breadth: int  # categories that are looked at
    brand: int  # that is mostly chosen, cheapest first
    collect: float  # share of discoveries that are put on the wish list
    buy: float  # share of carts that are bought
    comment: float  # share of bought products that are commented on
    units: int  # at most, of a bought product


KINDS = (
    Kind("routine", share=0.35, gap=7, jitter=1, on_weekends=True, mornings=0.95, discoveries=0.7, staples=2.0,
         breadth=3, brand=0, collect=0.6, buy=0.9, comment=0.1, units=3),
    Kind("browser", share=0.3, gap=4, jitter=2, on_weekends=False, mornings=0.05, discoveries=0.8, staples=1.0,
         breadth=10, brand=1, collect=0.2, buy=0.5, comment=0.2, units=1),
    Kind("collector", share=0.2, gap=14, jitter=4, on_weekends=False, mornings=0.1, discoveries=2.0, staples=0.0,
         breadth=10, brand=3, collect=0.9, buy=0.5, comment=0.9, units=1),
    Kind("occasional", share=0.15, gap=28, jitter=6, on_weekends=False, mornings=0.95, discoveries=2.0, staples=1.0,
         breadth=2, brand=2, collect=0.6, buy=0.9, comment=0.05, units=6),
)


def planted(count: int) -> tuple[Kind, ...]:
    """The first `count` kinds; their shares are relative."""
    return KINDS[:count]


def ends(kinds: Sequence[Kind]) -> list[float]:
    """Where, in 0 .. 1, the share of each kind ends."""
    shares = [kind.share for kind in kinds]
    return [sum(shares[: n + 1]) / sum(shares) for n in range(len(shares))]


def trait(kinds: Sequence[Kind], name: str) -> Column:
    """What the users' kinds, by the column `segment`, have for `name`."""
    return F.get(F.array(*[F.lit(getattr(kind, name)) for kind in kinds]), F.col(c.SEGMENT))
