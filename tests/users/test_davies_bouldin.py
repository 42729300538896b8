import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist
from sklearn.metrics import davies_bouldin_score

from recsys.users.davies_bouldin import davies_bouldin, mean_pairwise, sampled_pairwise


def test_index_of_three_clusters_by_hand():
    centroids = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    # pairs: (1+2)/3 = 1, (1+3)/4 = 1, (2+3)/5 = 1: every cluster's worst neighbour gives 1
    assert davies_bouldin(centroids, np.array([1.0, 2.0, 3.0]), np.zeros(3)) == (1.0, 0.0)


def test_index_takes_the_worst_neighbour_of_each_cluster_and_carries_the_errors():
    centroids = np.array([[0.0], [1.0], [10.0]])
    index, error = davies_bouldin(centroids, np.array([0.2, 0.2, 0.5]), np.array([0.01, 0.0, 0.0]))
    # worst of 0 and 1 is each other: 0.4; worst of 2 is 1: 0.7/9. Spread 0 enters twice, by 1/1 each, over k = 3
    assert index == pytest.approx((0.4 + 0.4 + 0.7 / 9) / 3)
    assert error == pytest.approx(0.01 * 2 / 3)


def test_coinciding_centroids_can_never_be_chosen():
    assert davies_bouldin(np.zeros((2, 3)), np.zeros(2), np.zeros(2)) == (float("inf"), 0.0)


def test_mean_pairwise_of_a_triangle_and_of_a_single_point():
    assert mean_pairwise(np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])) == pytest.approx(4.0)  # (3 + 4 + 5) / 3
    assert mean_pairwise(np.array([[7.0, 7.0]])) == 0.0


@settings(max_examples=40)
@given(arrays(np.float64, st.tuples(st.integers(2, 40), st.integers(1, 5)), elements=st.floats(0, 1, width=32)))
def test_mean_pairwise_is_that_of_scipy(points):
    assert mean_pairwise(points) == pytest.approx(pdist(points).mean(), abs=1e-6)


@pytest.mark.parametrize("whole", [True, False])
def test_a_sample_lies_within_its_error_of_the_exact_distance(whole):
    points = np.random.default_rng(5).random((1500, 4))
    exact = mean_pairwise(points)
    estimates = np.array([sampled_pairwise(points, pairs=750, whole=whole, seed=[seed]) for seed in range(200)])
    off = (estimates[:, 0] - exact) / estimates[:, 1]
    assert abs(off.mean()) < 0.3 and 0.8 < off.std() < 1.2  # right on average, and by as much as it says


def test_with_distances_from_the_centroid_it_is_the_index_of_scikit_learn():
    generator = np.random.default_rng(1)
    centres = np.array([[0.0, 0.0], [1.0, 0.2], [0.3, 1.0]])
    label = np.arange(90) % 3
    points = centres[label] + generator.normal(scale=0.2, size=(90, 2))
    centroids = np.array([points[label == k].mean(axis=0) for k in range(3)])
    spread = np.array([np.linalg.norm(points[label == k] - centroids[k], axis=1).mean() for k in range(3)])
    assert davies_bouldin(centroids, spread, np.zeros(3))[0] == pytest.approx(davies_bouldin_score(points, label))
