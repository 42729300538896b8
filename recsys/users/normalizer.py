"""Min-max normalisation (P1 eq. 4), fitted on the training period and reused unchanged ever after.

X' = (X - X_min) / (X_max - X_min), with log(1 + X) put in the place of X throughout for attributes with a
heavy tail (`attributes.HEAVY_TAILED`). A value outside of what training has seen is clipped to 0 or 1. A
constant attribute has no X': it becomes 0 (the correlation step drops it before, so none should arrive).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.faults import BadData
from recsys.users.attributes import HEAVY_TAILED
from recsys.users.moments import moments

LOG, LINEAR = "log1p", "linear"
_GRID = 2.0**24  # a float's precision at 1: sums of such values in double are exact, in whatever order rows come


class Bounds(NamedTuple):
    """A row of the table `normalizer`, without its day."""

    position: int  # place in the array of attributes, from 0
    attribute: str
    transform: str
    minimum: float  # before the transform, as a person would read it
    maximum: float


def fit_normalizer(features: DataFrame, attributes: Sequence[str]) -> list[Bounds]:
    """The bounds of the columns `attributes` of `features`, the split train of `user_features`, in their order.

    Raises:
        BadData: there is no attribute.
    """
    if not attributes:
        raise BadData(
            "Every attribute of user_features has one value for all users of the training period, so users cannot be "
            "told apart. The log holds too little: give more days, or a smaller split.test_days and split.validation_days."
        )
    found = moments(features, attributes)
    return [
        Bounds(position, name, LOG if name in HEAVY_TAILED else LINEAR, float(minimum), float(maximum))
        for position, (name, minimum, maximum) in enumerate(zip(attributes, found.minimum, found.maximum))
    ]


def normalise(features: DataFrame, normalizer: Sequence[Bounds | Row]) -> DataFrame:
    """Every row of `user_features` as user_id, split, ds and `attributes`, an array<float> within 0..1.

    Args:
        normalizer: the rows of the table `normalizer` of the day the model was fitted on, in any order.

    Raises:
        BadData: `features` lacks an attribute that the normaliser was fitted on.
    """
    ordered = sorted(normalizer, key=lambda bounds: bounds.position)
    missing = [bounds.attribute for bounds in ordered if bounds.attribute not in features.columns]
    if missing:
        raise BadData(
            f"user_features lacks the attributes {missing} that the normalizer was fitted on. They come from different "
            "versions: run jobs/build_user_features.py, correlate_attributes.py and fit_normalizer.py anew for the day of the model."
        )
    attributes = F.array(*[_scaled(bounds) for bounds in ordered]).cast("array<float>")
    return features.select(c.USER, c.SPLIT, c.DAY, attributes.alias(c.ATTRIBUTES))


def _scaled(bounds: Bounds | Row) -> Column:
    if bounds.minimum == bounds.maximum:
        return F.lit(0.0)
    value, low, high = (
        _transformed(number, bounds.transform)
        for number in (F.col(bounds.attribute), F.lit(bounds.minimum), F.lit(bounds.maximum))
    )
    share = F.greatest(F.least((value - low) / (high - low), F.lit(1.0)), F.lit(0.0))
    return F.rint(share * _GRID) / _GRID


def _transformed(value: Column, transform: str) -> Column:
    return F.log1p(value) if transform == LOG else value
