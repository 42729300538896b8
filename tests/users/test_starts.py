import numpy as np
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.users.blocks import Block, pack
from recsys.users.kmeans import sweep
from recsys.users.starts import _draw, _far_apart, draw_samples, starts
from tests.users.points import users


def samples_of(points, width, k_max, seeds):
    return draw_samples(pack(points, width, seeds), width, k_max, seeds)


def test_a_sample_is_made_of_distinct_points_and_the_same_whatever_the_partitions(spark):
    points = users(spark, [[0.0], [0.0], [0.25], [0.5], [1.0]])
    once, again = samples_of(points.coalesce(1), 1, 2, [1, 2]), samples_of(points.repartition(4), 1, 2, [1, 2])
    for seed in (1, 2):
        assert np.array_equal(once[seed], again[seed])
        assert sorted(once[seed][:, 0]) == [0.0, 0.25, 0.5, 1.0]
    assert not np.array_equal(once[1], once[2])


def test_a_sample_holds_the_distinct_points_of_the_least_hashes(spark):
    points = users(spark, [[n % 900 / 2048] for n in range(1_100)])  # 200 points twice
    for k_max in (2, 16):  # the second draws all of them
        samples = samples_of(points.repartition(3), 1, k_max, [1, 2])
        for seed in (1, 2):
            in_order = points.orderBy(F.xxhash64(c.USER, F.lit(seed))).select(F.col(c.ATTRIBUTES)[0])
            assert samples[seed][:, 0].tolist() == list(dict.fromkeys(row[0] for row in in_order.toLocalIterator()))[:64 * k_max]


def test_a_block_hands_on_no_more_points_than_a_sample_holds():
    rng = np.random.default_rng(3)
    block = Block(rng.integers(0, 40, (500, 1)) / 64, rng.permutation(1_000).reshape(500, 2))
    one, two = (_draw(Block(block.points[rows], block.lots[rows]), 30) for rows in (slice(0, 200), slice(200, 500)))
    for drawn in (one, two, one.merge(two), _draw(block, 30)):
        assert [len(np.unique(each.points)) for each in drawn.blocks] == [len(each) for each in drawn.blocks] == [30, 30]
    for merged, whole in zip(one.merge(two).blocks, _draw(block, 30).blocks):
        np.testing.assert_array_equal(merged.points, whole.points)
        np.testing.assert_array_equal(merged.lots, whole.lots)


def test_points_far_apart_reach_far_out():
    points = np.array([[n / 10_000] for n in range(50)] + [[1.0]])
    chosen = [_far_apart(points, 4, np.random.default_rng(seed)) for seed in range(5)]
    assert all(1.0 in each[:2] for each in chosen)  # by chance alone in one of 25
    assert all(len(np.unique(each)) == 4 for each in chosen)
    assert len({each[0, 0] for each in chosen}) > 2


def test_as_many_points_as_asked_for_at_most_and_never_one_twice():
    points = np.array([[0.0], [1e-20], [1.0]])
    assert sorted(_far_apart(points, 9, np.random.default_rng(1))[:, 0]) == [0.0, 1e-20, 1.0]


def test_a_run_begins_where_the_best_try_on_the_sample_ended(spark):
    sample = np.array([[0.0], [0.125], [0.75], [1.0]])
    begun = {(run.k, run.seed): run for run in starts({1: sample, 2: sample[::-1]}, [2, 3])}
    assert list(begun) == [(2, 1), (3, 1), (2, 2), (3, 2)]
    for seed in (1, 2):
        assert sorted(begun[2, seed].centroids[:, 0]) == [0.0625, 0.875]
        assert sorted(begun[3, seed].centroids[:, 0]) == [0.0625, 0.75, 1.0]
        # all four points are taken, or spare
        assert len(begun[2, seed].spare) == 2 and len(begun[3, seed].spare) == 1


def test_of_six_kinds_every_start_finds_all(spark):
    """From six points drawn by chance alone one run in sixty does (6! / 6⁶); the others end in a poor minimum."""
    rng, seeds = np.random.default_rng(9), range(1, 9)
    kinds = np.array([[0.1, 0.1], [0.2, 0.12], [0.5, 0.9], [0.6, 0.88], [0.9, 0.1], [0.88, 0.2]])
    blocks = pack(users(spark, np.repeat(kinds, 50, axis=0) + rng.uniform(-0.02, 0.02, (300, 2))), 2, seeds)
    runs = sweep(blocks, starts(draw_samples(blocks, 2, 6, seeds), [6]), 50)
    assert [run.size.tolist() for run in runs] == [[50] * 6] * 8
