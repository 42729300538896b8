import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys.users.lloyd import labels, nearest, tally

POINTS = np.array([[0.0, 0.0], [0.0, 2.0], [10.0, 0.0]])
UNIT = st.integers(0, 8).map(lambda eighths: eighths / 8)  # coarse, so that ties and equal points occur


def test_two_runs_are_tallied_in_one_call_as_by_hand():
    centroids = np.array([[0.0, 1.0], [9.0, 0.0], [0.0, 0.0], [0.0, 2.0]])
    found = tally(POINTS, centroids, [slice(0, 2), slice(2, 4)])
    assert found.size.tolist() == [2, 1, 2, 1]
    assert found.total.tolist() == [[0.0, 2.0], [10.0, 0.0], [10.0, 0.0], [0.0, 2.0]]
    assert found.inertia.tolist() == [2.0, 1.0, 100.0, 0.0]
    assert found.spread.tolist() == [2.0, 1.0, 10.0, 0.0]


def test_a_point_between_two_centroids_is_counted_once_for_the_first():
    found = tally(np.array([[1.0]]), np.array([[2.0], [0.0], [2.0]]), [slice(0, 3)])
    assert found.size.tolist() == [1, 0, 0]
    assert nearest(np.array([[1.0]]), np.array([[2.0], [0.0]]))[0].tolist() == labels(np.array([[1.0]]), np.array([[2.0], [0.0]])).tolist() == [0]


@settings(max_examples=60)
@given(arrays(np.float64, st.tuples(st.integers(2, 40), st.just(3)), elements=UNIT), arrays(np.float64, (5, 3), elements=UNIT))
def test_a_tally_is_what_labels_and_loops_give_and_adds_up_over_blocks(points, centroids):
    runs = [slice(0, 2), slice(2, 5)]
    whole = tally(points, centroids, runs)
    halves = tally(points[:1], centroids, runs).merge(tally(points[1:], centroids, runs))
    for run in runs:
        label, distance = nearest(points, centroids[run])
        np.testing.assert_array_equal(labels(points, centroids[run]), label)
        assert whole.size[run].tolist() == np.bincount(label, minlength=run.stop - run.start).tolist()
        np.testing.assert_allclose(whole.inertia[run].sum(), np.square(distance).sum(), atol=1e-9)
        np.testing.assert_allclose(whole.spread[run].sum(), distance.sum(), atol=1e-6)
        np.testing.assert_array_equal(whole.total[run].sum(axis=0), points.sum(axis=0))
    np.testing.assert_array_equal(whole.total, halves.total)


def test_a_distance_does_not_depend_on_what_shares_the_block():
    generator = np.random.default_rng(2)
    points, centroids = generator.random((500, 30)), generator.random((4, 30))
    together = nearest(points, centroids)[1]
    alone = np.concatenate([nearest(points[n : n + 1], centroids)[1] for n in range(500)])
    assert np.array_equal(together, alone)
