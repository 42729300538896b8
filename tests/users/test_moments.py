import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.stat import Correlation

from recsys.faults import BadData
from recsys.users.moments import Moments, moments

MATRICES = st.tuples(st.integers(4, 30), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(-1e3, 1e3).map(lambda x: round(x, 3)))
)


def test_moments_of_four_rows_by_hand():
    found = Moments.of(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [4.0, 8.0]]))
    assert found.mean.tolist() == [2.5, 5.0]
    assert found.deviation == pytest.approx([(5 / 3) ** 0.5, (20 / 3) ** 0.5])
    assert (found.minimum.tolist(), found.maximum.tolist()) == ([1.0, 2.0], [4.0, 8.0])
    assert found.correlation == pytest.approx(np.ones((2, 2)))


@settings(max_examples=60)
@given(MATRICES, st.integers(1, 3))
def test_moments_of_parts_merge_into_the_moments_of_all(matrix, cut):
    merged, whole = Moments.of(matrix[:cut]).merge(Moments.of(matrix[cut:])), Moments.of(matrix)
    for part in ("rows", "mean", "gram", "minimum", "maximum"):
        np.testing.assert_allclose(getattr(merged, part), getattr(whole, part), rtol=1e-9, atol=1e-6)


def test_a_large_mean_does_not_swallow_a_small_deviation():
    small = np.random.default_rng(3).normal(size=(1000, 2))
    found = Moments.of(small[:300] + 1e8).merge(Moments.of(small[300:] + 1e8))
    np.testing.assert_allclose(found.correlation, np.corrcoef(small.T), atol=1e-6)
    np.testing.assert_allclose(found.deviation, small.std(axis=0, ddof=1), rtol=1e-6)


def test_a_constant_attribute_has_no_correlation_and_no_deviation():
    found = Moments.of(np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 4.0]]))
    assert found.constant.tolist() == [True, False]
    assert np.isnan(found.correlation[0]).all() and found.deviation[0] == 0.0


def test_one_pass_over_a_frame_finds_what_mllib_finds(spark):
    rows = [(float(n), float(n * n % 7), float(-n + n % 3)) for n in range(25)]
    frame = spark.createDataFrame(rows, ["a", "b", "c"]).repartition(3)
    found = moments(frame, ["a", "b", "c"])
    vectors = VectorAssembler(inputCols=["a", "b", "c"], outputCol="vector").transform(frame)
    reference = Correlation.corr(vectors, "vector").first()[0].toArray()
    np.testing.assert_allclose(found.correlation, reference, atol=1e-12)
    np.testing.assert_allclose(found.deviation, np.array(rows).std(axis=0, ddof=1))
    assert found.rows == 25


def test_no_user_in_training_is_said_in_words(spark):
    with pytest.raises(BadData, match="No user has any behaviour in the training period"):
        moments(spark.createDataFrame([], "a double"), ["a"])
