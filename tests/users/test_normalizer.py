from datetime import date

import pytest
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.faults import BadData
from recsys.users.normalizer import Bounds, fit_normalizer, normalise

DS = date(2024, 1, 10)


def test_bounds_are_the_extremes_as_a_person_would_read_them(spark):
    features = spark.createDataFrame([(0.0, 0.5), (7.0, 0.1), (3.0, 0.2)], ["spend", "weekend_share"])
    assert fit_normalizer(features, ["spend", "weekend_share"]) == [
        Bounds(0, "spend", "log1p", 0.0, 7.0), Bounds(1, "weekend_share", "linear", 0.1, 0.5),
    ]


def test_values_are_scaled_between_the_bounds_and_clipped_outside(spark):
    normalizer = [
        Bounds(2, "flat", "linear", 4.0, 4.0), Bounds(0, "spend", "log1p", 0.0, 3.0), Bounds(1, "share", "linear", 0.2, 1.0),
    ]
    features = spark.createDataFrame(
        [("ann", "train", DS, 0.0, 0.2, 4.0), ("ben", "train", DS, 1.0, 0.4, 4.0), ("cy", "push", DS, 8.0, 0.0, 5.0)],
        [c.USER, c.SPLIT, c.DAY, "spend", "share", "flat"],
    )
    expected = spark.createDataFrame(
        # log(1 + 1) is half of log(1 + 3); an attribute that was constant in training is 0 ever after
        [("ann", "train", DS, [0.0, 0.0, 0.0]), ("ben", "train", DS, [0.5, 0.25, 0.0]), ("cy", "push", DS, [1.0, 0.0, 0.0])],
        f"{c.USER} string, {c.SPLIT} string, {c.DAY} date, {c.ATTRIBUTES} array<float>",
    )
    assertDataFrameEqual(normalise(features, normalizer), expected, rtol=0, atol=1e-6)


def test_attributes_of_another_version_are_refused(spark):
    features = spark.createDataFrame([("ann", "push", DS, 1.0)], [c.USER, c.SPLIT, c.DAY, "spend"])
    with pytest.raises(BadData, match=r"lacks the attributes \['n_cart'\]"):
        normalise(features, [Bounds(0, "n_cart", "linear", 0.0, 1.0)])


def test_users_who_cannot_be_told_apart_are_refused(spark):
    with pytest.raises(BadData, match="Every attribute of user_features has one value"):
        fit_normalizer(spark.createDataFrame([(1.0,)], ["spend"]), [])
