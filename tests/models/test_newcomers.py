"""What a model says of products that came up after it had learned."""

import numpy as np
import pytest
from keras import ops

from recsys.models.conditions import NEXT_EVENT
from recsys.models.factory import make_model
from recsys.models.follows import Follows
from recsys.models.newcomers import admit, biases_of, vectors_of
from tests.models.conftest import PRODUCTS, SHAPE

LEARNED = np.array([[0, 0], [1, 0], [0, 1], [4, 4]], np.float32)  # padding and three products


def counted(*rows):
    """`Follows` of padding and products whose neighbours are these rows of (product, count)."""
    width = max(map(len, rows))
    cells = np.array([[*row, *[(0, 0.0)] * (width - len(row))] for row in ([], *rows)])
    return Follows(cells[..., 0].astype(np.int32), cells[..., 1].astype(np.float32))


def test_a_newcomer_lies_between_its_neighbours_of_which_other_newcomers_say_nothing():
    follows = counted([(2, 1)], [(1, 1)], [(4, 9)], [(1, 3), (2, 1), (5, 8)], [(4, 8)], [])
    np.testing.assert_allclose(vectors_of(follows, LEARNED), [[0.75, 0.25], [0, 0], [0, 0]])


def test_where_nothing_came_near_anything_newcomers_lie_at_zero_and_have_the_mean_bias():
    nothing = Follows(np.zeros((6, 0), np.int32), np.zeros((6, 0), np.float32))
    assert vectors_of(nothing, LEARNED).tolist() == [[0, 0], [0, 0]]
    assert biases_of(nothing, np.array([9, 1, 2, 6], np.float32)).tolist() == [3, 3]


def test_its_bias_is_that_of_products_counted_as_often_and_never_beyond_theirs():
    follows = counted([(2, 1)], [(1, 10)], [(1, 100)], [(1, 10 ** 0.5)], [(1, 1000)], [])
    np.testing.assert_allclose(biases_of(follows, np.array([9, -2, 0, 2], np.float32)), [-1, 2, -2], atol=1e-5)


@pytest.fixture
def both(make):
    """A model, and one that was given two newcomers: the first came near product 3, the second near nothing."""
    near = np.zeros((PRODUCTS + 3, 32), np.int32)
    counts = np.zeros((PRODUCTS + 3, 32), np.float32)
    near[3, 0], near[PRODUCTS + 1, 0] = PRODUCTS + 1, 3
    counts[3, 0], counts[PRODUCTS + 1, 0] = 1.0, 0.4
    model = make()
    larger = make_model(model.definition, SHAPE, PRODUCTS + 2, segments=2)
    follows = Follows(near, counts, newcomers=("new", "lone"))
    admit(follows, model, larger)
    larger.fill(follows)
    model.fill(Follows(near[: PRODUCTS + 1] * (near[: PRODUCTS + 1] <= PRODUCTS), counts[: PRODUCTS + 1]))
    return model, larger


def likely(model, batch):
    return np.asarray(model({name: ops.convert_to_tensor(values) for name, values in batch.items() if name != "weight"}, condition=NEXT_EVENT, behaviour=0))


def test_what_the_catalogue_says_of_learned_products_beside_each_other_stays_and_newcomers_have_a_part(both, batch):
    model, larger = both
    last_two = {name: values[1:] for name, values in batch.items()}  # neither holds product 3
    before, after = likely(model, last_two), likely(larger, last_two)
    np.testing.assert_allclose(after.sum(axis=1), 1, rtol=1e-5)
    assert (after[:, PRODUCTS + 1:] > 0).all()
    unseen = [2, 4, 6]  # in neither history, so only the catalogue speaks of them
    np.testing.assert_allclose(after[:, unseen] / after[:, [2]], before[:, unseen] / before[:, [2]], rtol=1e-4)


def test_a_newcomer_is_followed_from_its_neighbour_and_repeated_from_the_history(both, batch):
    _, larger = both
    window = {name: values[2:].copy() for name, values in batch.items()}  # one event
    window["items"][0, 0] = 3
    of_three = likely(larger, window)[0]
    assert of_three[PRODUCTS + 1] > of_three[PRODUCTS + 2]  # by the follow path
    window["items"][0, 0] = PRODUCTS + 2
    of_lone = likely(larger, window)[0]
    assert of_lone.argmax() == PRODUCTS + 2  # by the copy path
