import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from recsys.models.conditions import NEXT_EVENT
from recsys.models.definition import ModelDefinition
from recsys.models.factory import make_model
from recsys.sequences.shape import WindowShape
from recsys.training.lists import make_scorer, ndcg


def test_ndcg_by_hand():
    lists = np.array([[3, 1, 2], [9, 8, 7]])
    targets = np.array([[1, 2, 0], [4, 0, 0]])
    ideal = 1 + 1 / np.log2(3)
    np.testing.assert_allclose(ndcg(lists, targets), [(1 / np.log2(3) + 1 / 2) / ideal, 0])


@given(st.permutations(range(1, 31)), st.sets(st.integers(1, 30), min_size=1, max_size=20))
def test_ndcg_agrees_with_scikit_learn(order, liked):
    truth = [[float(item in liked) for item in range(1, 31)]]
    scores = [[-float(order.index(item)) for item in range(1, 31)]]
    targets = np.zeros((1, 20), int)
    targets[0, : len(liked)] = sorted(liked)
    np.testing.assert_allclose(ndcg(np.array([order[:10]]), targets), ndcg_score(truth, scores, k=10), rtol=1e-9)


def test_a_catalogue_of_one_product_is_listed_first():
    shape = WindowShape(length=8, memory=4, attributes=2)
    model = make_model(ModelDefinition(name="one", width=8, head_width=8), shape, products=1, segments=1)
    batch = shape.padding(3)
    for name in ("length", "items"):
        batch[name][:, ...] = 1
    assert make_scorer(model, NEXT_EVENT, 0)(batch).tolist() == [[[1, 0]] * 3]


def test_products_of_window_and_memory_can_be_left_out():
    shape = WindowShape(length=8, memory=4, attributes=2)
    model = make_model(ModelDefinition(name="few", width=8, head_width=8), shape, products=6, segments=1)
    batch = shape.padding(1)
    batch["length"][:], batch["items"][0, :2], batch["memory_items"][0, 0] = 2, [5, 2], 6
    listed = make_scorer(model, NEXT_EVENT, 0, without_seen=True)(batch)[0, 0]
    assert set(listed[:3]) == {1, 3, 4} and set(listed[3:]) <= {0, 2, 5, 6}
