import numpy as np

from recsys.training.start import LENGTH, product_vectors

TWO_SHELVES = [np.array([[1, 2, 3, 0], [2, 3, 1, 1]]), np.array([[4, 5, 6], [5, 4, 0], [0, 0, 0], [6, 5, 4]])]


def cosines(vectors):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit @ unit.T


def test_products_of_the_same_windows_start_near_to_each_other_and_padding_is_nothing():
    vectors = product_vectors(TWO_SHELVES, products=6, width=2, seed=1)
    assert vectors.shape == (7, 2) and vectors.dtype == np.float32 and not vectors[0].any()
    near = cosines(vectors[1:])
    assert near[:3, :3].min() > 0.7 and near[3:, 3:].min() > 0.7 and abs(near[:3, 3:]).max() < 0.2
    assert abs(np.linalg.norm(vectors[1:], axis=1).mean() - LENGTH) < 0.05


def test_products_in_no_window_do_not_make_the_others_longer():
    few, many = (product_vectors(TWO_SHELVES, products, 2, seed=1) for products in (6, 600))
    np.testing.assert_allclose(np.linalg.norm(many[1:7], axis=1).mean(), np.linalg.norm(few[1:7], axis=1).mean(), atol=0.05)
    assert np.linalg.norm(many[7:], axis=1).max() < 0.1


def test_the_same_windows_give_the_same_vectors():
    np.testing.assert_array_equal(product_vectors(TWO_SHELVES, 6, 3, seed=1), product_vectors(TWO_SHELVES, 6, 3, seed=1))


def test_more_widths_than_products_and_no_windows_at_all_are_no_fault():
    assert np.isfinite(product_vectors(TWO_SHELVES, 6, 16, seed=1)).all()
    assert np.isfinite(product_vectors([], 6, 4, seed=1)).all()
    assert np.isfinite(product_vectors([np.array([[1]])], 1, 4, seed=1)).all()
