import numpy as np
import pytest
from pyspark.ml.clustering import KMeans
from pyspark.ml.functions import array_to_vector
from pyspark.sql import functions as F
from sklearn.cluster import KMeans as SklearnKMeans

from recsys import columns as c
from recsys.settings import SegmentSettings
from recsys.users.blocks import pack
from recsys.users.kmeans import Run, best_of_each_k, sweep
from recsys.users.quality import qualities
from recsys.users.segments import fit_segments
from recsys.users.starts import draw_samples, starts
from tests.users.points import users

CENTRES = np.array([[0.2, 0.2, 0.3], [0.8, 0.2, 0.6], [0.5, 0.8, 0.1]])


@pytest.fixture(scope="module")
def cloud():
    """240 users around three centres."""
    scatter = np.random.default_rng(4).normal(scale=0.08, size=(240, 3))
    return (np.rint(np.clip(CENTRES[np.arange(240) % 3] + scatter, 0, 1) * 2**24) / 2**24).astype(np.float32)


def blocks_of(points, width, seeds=(1,)):
    return pack(points, width, seeds)


def starts_of(points, width, ks, seeds):
    return starts(draw_samples(blocks_of(points, width, seeds), width, max(ks), seeds), ks)


def start_at(points, k, seed=1):
    """A run that begins with the first k of `points`, the others spare."""
    return Run(k, seed, np.array(points[:k], dtype=float), np.array(points[k:], dtype=float).reshape(-1, len(points[0])))


def test_runs_are_iterated_until_stable_as_by_hand(spark):
    points = users(spark, [[0.0], [0.125], [0.75], [1.0]])
    [run] = sweep(blocks_of(points, 1), [start_at([[0.0], [0.125]], 2)], max_iterations=10)
    assert run.centroids.tolist() == [[0.0625], [0.875]]
    assert run.size.tolist() == [2, 2] and run.spread.tolist() == [0.0625, 0.125]
    assert run.inertia == 2 * 0.0625**2 + 2 * 0.125**2


def test_the_last_iteration_allowed_returns_what_it_measured(spark):
    points = users(spark, [[0.0], [0.125], [0.75], [1.0]])
    [run] = sweep(blocks_of(points, 1), [start_at([[0.0], [0.125]], 2)], max_iterations=1)
    assert run.centroids.tolist() == [[0.0], [0.125]] and run.size.tolist() == [1, 3]


def test_a_centroid_without_points_begins_anew_at_the_next_point_drawn(spark):
    points = users(spark, [[0.0], [0.125], [0.75], [1.0]])
    [run] = sweep(blocks_of(points, 1), [start_at([[0.0], [0.0], [1.0]], 2)], max_iterations=10)
    assert sorted(zip(run.centroids[:, 0], run.size)) == [(0.0625, 2), (0.875, 2)]


def test_the_run_of_least_inertia_stands_for_its_k_and_a_lower_seed_wins_a_tie():
    runs = [Run(k, seed, None, None, inertia=inertia) for k, seed, inertia in [(3, 1, 1.0), (2, 2, 5.0), (2, 1, 5.0), (3, 2, 0.5)]]
    assert [(run.k, run.seed) for run in best_of_each_k(runs)] == [(2, 1), (3, 2)]


def test_from_the_same_start_the_sweep_ends_where_scikit_learn_does(spark, cloud):
    points = {seed: cloud[seed : seed + 4].astype(np.float64) for seed in (0, 9)}
    begun = [start_at(points[seed], k, seed) for seed in points for k in (2, 3, 4)]
    for run in sweep(blocks_of(users(spark, cloud), 3).cache(), begun, 50):
        reference = SklearnKMeans(run.k, init=points[run.seed][: run.k], n_init=1, max_iter=50).fit(cloud.astype(np.float64))
        np.testing.assert_allclose(run.inertia, reference.inertia_, rtol=1e-3)
        np.testing.assert_allclose(run.centroids, reference.cluster_centers_, atol=1e-3)


def test_the_planted_segments_have_the_inertia_that_mllib_finds(spark, cloud):
    points = users(spark, cloud).coalesce(1)
    [run] = best_of_each_k(sweep(blocks_of(points, 3), starts_of(points, 3, [3], [1, 2]), 50))
    vectors = points.select(array_to_vector(c.ATTRIBUTES).alias("vector"))
    reference = KMeans(featuresCol="vector", k=3, seed=1).fit(vectors).summary.trainingCost
    np.testing.assert_allclose(run.inertia, reference, rtol=1e-3)


def test_the_planted_number_of_segments_is_chosen_whatever_the_partitions(spark, cloud):
    settings = SegmentSettings(k_max=4, seeds=2, exact_pairs_below=90, sampled_pairs=2_000)
    points = users(spark, cloud)
    one, many = points.coalesce(1), points.repartition(3, F.col(c.USER))
    segments, quality = fit_segments(one, 3, settings)
    assert (segments, quality) == fit_segments(many, 3, settings)
    assert [row.k for row in quality if row.chosen] == [3] and [row.k for row in quality] == [2, 3, 4]
    assert [segment.size for segment in segments] == [80, 80, 80]
    np.testing.assert_allclose(sorted(s.centroid for s in segments), sorted(CENTRES.tolist()), atol=0.05)
    # three clusters of 80 are measured exactly, the 160 points of the larger one of two by a sample
    assert [row.standard_error > 0 for row in quality[:2]] == [True, False]


def test_a_sampled_index_lies_within_a_few_errors_of_the_exact_one(spark, cloud):
    points = users(spark, cloud)
    runs = best_of_each_k(sweep(blocks_of(points, 3), starts_of(points, 3, [2, 3], [1]), 50))
    exact = qualities(blocks_of(points, 3, [SegmentSettings().seed]), runs, SegmentSettings(exact_pairs_below=1_000))
    for pairs in (30, 3_000):  # of drawn points, and of all points
        for row, truth in zip(qualities(blocks_of(points, 3, [SegmentSettings().seed]), runs, SegmentSettings(exact_pairs_below=10, sampled_pairs=pairs)), exact):
            assert 0 < abs(row.davies_bouldin - truth.davies_bouldin) < 4 * row.standard_error
