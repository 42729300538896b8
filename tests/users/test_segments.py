from datetime import date

import numpy as np
import pytest
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.faults import BadData
from recsys.settings import SegmentSettings
from recsys.users.kmeans import Run
from recsys.users.profile import segment_profiles
from recsys.users.segments import Segment, assign, fit_segments, numbered

DS = date(2024, 1, 10)
POINTS = f"{c.USER} string, {c.SPLIT} string, {c.DAY} date, {c.ATTRIBUTES} array<float>"


def test_segments_are_numbered_by_size_then_by_centroid_and_empty_ones_are_left_out():
    centroids = np.array([[0.5, 0.5], [0.1, 0.9], [0.0, 0.0], [0.1, 0.2]])
    run = Run(4, 1, centroids, 4, size=np.array([7, 9, 0, 7]))
    assert numbered(run) == [Segment(0, [0.1, 0.9], 9), Segment(1, [0.1, 0.2], 7), Segment(2, [0.5, 0.5], 7)]


def test_every_user_of_every_split_gets_the_nearest_segment_and_its_distance(spark):
    points = spark.createDataFrame(
        [("ann", "train", DS, [0.0, 0.5]), ("ann", "push", DS, [1.0, 1.0]), ("new", "push", DS, [0.5, 0.5])], POINTS
    )
    segments = [Segment(1, [1.0, 0.5], 1), Segment(0, [0.0, 0.0], 2)]
    expected = spark.createDataFrame(
        [("ann", 0, 0.5, "train", DS), ("ann", 1, 0.5, "push", DS), ("new", 1, 0.5, "push", DS)],
        f"{c.USER} string, {c.SEGMENT} int, {c.DISTANCE} double, {c.SPLIT} string, {c.DAY} date",
    )
    assertDataFrameEqual(assign(points, segments), expected)


def test_fewer_different_users_than_segments_are_refused(spark):
    points = spark.createDataFrame([("ann", "train", DS, [0.5]), ("ben", "train", DS, [0.5])], POINTS)
    with pytest.raises(BadData, match="1 users with different attributes, but segments.k_min = 2"):
        fit_segments(points, 1, SegmentSettings())


def test_a_profile_names_what_differs_most_from_everybody(spark):
    points = spark.createDataFrame(
        [("a", "train", DS, [0.0, 0.5, 1.0]), ("b", "train", DS, [0.0, 0.5, 0.75]), ("c", "train", DS, [0.75, 0.5, 0.5])], POINTS
    )
    segments = spark.createDataFrame([("a", "train", 0), ("b", "train", 0), ("c", "train", 1), ("c", "push", 0)], [c.USER, c.SPLIT, c.SEGMENT])
    expected = spark.createDataFrame(
        [
            (0, 1, "spend", 0.0, 0.25, -0.25), (0, 2, "share", 0.875, 0.75, 0.125),
            (1, 1, "spend", 0.75, 0.25, 0.5), (1, 2, "share", 0.5, 0.75, -0.25),
        ],
        "segment int, rank int, attribute string, mean double, overall_mean double, difference double",
    )
    segments = segments.withColumn(c.SEGMENT, segments[c.SEGMENT].cast("int"))
    assertDataFrameEqual(segment_profiles(points, segments, ["spend", "visits", "share"], top=2), expected)
