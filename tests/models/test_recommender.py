from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from keras import ops

from recsys.models.conditions import ANY_BEHAVIOUR, LATER_VISIT, NEXT_EVENT
from recsys.models.definition import BiLSTMDefinition, InputsDefinition, RecurrentDefinition, TransformerDefinition, read_definition
from recsys.models.follows import RARITY, Follows, count_follows
from recsys.models.layers.trends import OWN
from recsys.models.places import spread
from recsys.models.targets import PLACES, Targets, wanted_places

ALONE = [
    (BiLSTMDefinition(),), (TransformerDefinition(blocks=2),), (BiLSTMDefinition(backward_window=9), TransformerDefinition()),
    (RecurrentDefinition(cell="simple"),), (RecurrentDefinition(cell="gru"),), (RecurrentDefinition(cell="lstm"),),
    (TransformerDefinition(heads=1, positions="absolute"),),
]
MODELS = sorted((Path(__file__).parents[2] / "conf" / "models").glob("*.yaml"))


def tensors(batch):
    """The batch as it reaches a model: a layer of Keras before 3.4 makes floats of numpy's integers."""
    return {name: ops.convert_to_tensor(array) for name, array in batch.items()}


def probabilities(model, batch):
    return np.asarray(model(tensors(batch), condition=LATER_VISIT, behaviour=ANY_BEHAVIOUR))


def states(model, batch):
    return np.asarray(model.encode(tensors(batch)))


def likelihoods(model, batch, targets):
    return np.asarray(model.log_likelihood(tensors(batch), targets, None))


def test_every_user_gets_a_probability_for_every_product_and_none_for_padding(make, batch):
    found = probabilities(make(), batch)
    assert found.shape == (3, 10)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    assert (found[:, 0] == 0).all() and (found[:, 1:] > 0).all()


@pytest.mark.parametrize("layers", ALONE)
def test_no_state_changes_when_later_events_change(make, batch, layers):
    model = make(layers=layers)
    before = states(model, batch)
    changed = {name: array.copy() for name, array in batch.items()}
    changed["items"][0, 4:], changed["behaviours"][0, 4:], changed["gaps"][0, 4:] = 9, 1, 7
    after = states(model, changed)
    np.testing.assert_allclose(after[0, :4], before[0, :4], atol=1e-6)
    assert np.abs(after[0, 4] - before[0, 4]).max() > 1e-3


@pytest.mark.parametrize("layers", ALONE)
def test_the_state_at_one_place_is_the_one_that_all_places_have_there(make, batch, layers):
    model = make(layers=layers)
    places = np.array([[5], [0], [2]], np.int32)
    alone = np.asarray(model.encode_at(tensors(batch), ops.convert_to_tensor(places)))
    np.testing.assert_allclose(alone[:, 0], states(model, batch)[[0, 1, 2], places[:, 0]], atol=1e-5)


def test_no_likelihood_changes_when_later_events_change(make, batch):
    model, ones = make(), np.ones((3, 6), np.int32)
    targets = Targets(ones * 2, ones * NEXT_EVENT, ones * ANY_BEHAVIOUR, ones)
    before = likelihoods(model, batch, targets)
    changed = {name: array.copy() for name, array in batch.items()}
    changed["items"][0, 4:], changed["days"][0, 4:] = 2, 99
    np.testing.assert_allclose(likelihoods(model, changed, targets)[0, :4], before[0, :4], atol=1e-5)


def test_places_without_a_target_may_be_left_out_of_the_softmax(make, batch):
    model, ones = make(), np.ones((3, 6), np.int32)
    targets = Targets(ones * 9, ones * NEXT_EVENT, ones * ANY_BEHAVIOUR, ones)
    wanted = wanted_places(batch)
    some = likelihoods(model, batch | wanted, targets).ravel()[wanted[PLACES]]
    np.testing.assert_allclose(some, likelihoods(model, batch, targets).ravel()[wanted[PLACES]], rtol=1e-5)


@pytest.mark.parametrize("copy_path", [True, False])
def test_training_and_scoring_agree_on_the_probability_of_the_same_product(make, batch, copy_path):
    model, ones = make(copy_path=copy_path), np.ones((3, 6), np.int32)
    targets = Targets(ones * 9, ones * LATER_VISIT, ones * ANY_BEHAVIOUR, ones)
    trained = likelihoods(model, batch, targets)
    last = trained[np.arange(3), batch["length"] - 1]
    np.testing.assert_allclose(np.exp(last), probabilities(model, batch)[:, 9], rtol=1e-4)


@pytest.mark.parametrize("parts", [{}, {"copy_path": False}, {"neighbours": 0}, {"likenesses": 0}, {"copy_path": False, "neighbours": 0, "likenesses": 0}])
def test_a_path_that_is_moved_far_enough_is_heard_alone(make, batch, parts):
    model = make(**parts)
    follows = count_follows([batch["items"]], 9, 32)
    model.fill(replace(follows, alike=follows))
    said = model.by_path(tensors(batch), LATER_VISIT, ANY_BEHAVIOUR)
    catalogue, *others = said
    silent = np.where([path is None for path in others], 0.0, -50.0)
    np.testing.assert_allclose(model.mixed(said, *silent), catalogue, atol=1e-6)
    for number, path in enumerate(others):
        if path is not None:
            loud = np.where(np.arange(3) == number, 50.0, -50.0)
            alone = np.zeros((3, 10))
            np.add.at(alone, (np.arange(3)[:, None], np.asarray(path.places)), np.asarray(path.weights))
            known = np.asarray(path.odds)[:, 0] > -1e6  # a path with nothing to say is not heard, however far it is moved
            np.testing.assert_allclose(np.asarray(model.mixed(said, *loud, rare=-RARITY))[known, 1:], alone[known, 1:], atol=1e-6)


def test_of_the_own_products_those_are_likelier_that_many_users_chose_lately(make, batch):
    model, lately = make(neighbours=0), np.array([0, 3, 0, 8, 0, 1, 99, 0, 2, 0], np.float32)
    said = model.by_path(tensors(batch), LATER_VISIT, ANY_BEHAVIOUR)
    for moved in (0.0, 0.4):
        before = np.asarray(model.mixed(said, 50.0, own=moved))
        np.testing.assert_allclose(before, np.asarray(model.mixed(said, 50.0)), rtol=1e-5)  # nobody counted
        model.fill(Follows(np.zeros((10, 0), np.int32), np.zeros((10, 0), np.float32), lately))
        tilted = before * (1 + lately) ** (OWN + moved)
        np.testing.assert_allclose(model.mixed(said, 50.0, own=moved), tilted / tilted.sum(axis=1, keepdims=True), rtol=1e-4, atol=1e-7)
        model.fill(Follows(np.zeros((10, 0), np.int32), np.zeros((10, 0), np.float32)))
    without = make(neighbours=0, trend=False)
    assert len(model.kept) == len(without.kept) + 3 and without.balance[3:] == [None] * 3


def test_the_follow_path_would_rather_have_products_that_come_near_few_others(make, batch):
    model, follows = make(copy_path=False, likenesses=0), count_follows([batch["items"], np.array([[5, 2], [5, 3], [5, 4]])], 9, 32)
    model.fill(follows)
    said = model.by_path(tensors(batch), LATER_VISIT, ANY_BEHAVIOUR)
    before, volume = (np.asarray(model.mixed(said, follow=50.0, rare=-RARITY)), follows.counts.sum(axis=1))
    assert volume[5] == volume.max() and (volume[1:] > 0).sum() == 9
    for moved in (0.0, 0.4):
        rarer = before[:, 1:] / volume[1:] ** (RARITY + moved)
        found = np.asarray(model.mixed(said, follow=50.0, rare=moved))
        np.testing.assert_allclose(found[:, 1:], rarer / rarer.sum(axis=1, keepdims=True), rtol=1e-4, atol=1e-7)
    assert not np.allclose(before, found, rtol=0.1)


def test_of_all_other_products_those_are_likelier_that_many_users_chose_lately_where_that_is_moved(make, batch):
    model, lately = make(copy_path=False), np.array([0, 3, 0, 8, 0, 1, 99, 0, 2, 0], np.float32)
    follows = count_follows([batch["items"]], 9, 32)
    model.fill(follows)
    catalogue, _, followed, _ = untilted = model.by_path(tensors(batch), LATER_VISIT, ANY_BEHAVIOUR)
    model.fill(replace(follows, lately=lately))
    for as_before in (model.by_path(tensors(batch), LATER_VISIT, ANY_BEHAVIOUR), model.leaning(untilted, 0.0)):  # the power begins at 0
        np.testing.assert_array_equal(model.mixed(as_before), model.mixed(untilted))
    leant = model.leaning(untilted, 0.7)
    model.trends.others.assign([0.7])
    moved = model.by_path(tensors(batch), LATER_VISIT, ANY_BEHAVIOUR)
    for tilted in (leant, moved):
        likelier = np.asarray(catalogue) * (1 + lately) ** 0.7
        np.testing.assert_allclose(tilted[0], likelier / likelier.sum(axis=1, keepdims=True), rtol=1e-4)
        likelier = np.asarray(followed.weights) * (1 + lately[np.asarray(followed.places)]) ** 0.7
        np.testing.assert_allclose(tilted[2].weights, likelier / np.maximum(likelier.sum(axis=1, keepdims=True), 1e-9), rtol=1e-4)
    np.testing.assert_allclose(np.asarray(model.mixed(moved)).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_shipped_model_is_named_as_its_file_and_leaks_nothing(make, batch, path):
    definition = read_definition(path)
    assert definition.name == path.stem
    model = make(**{field: getattr(definition, field) for field in ("inputs", "layers", "head_width", "copy_path", "neighbours", "likenesses")})
    changed = batch | {name: np.where(np.arange(6) == 5, 1, batch[name]).astype(np.int32) for name in ("items", "behaviours", "gaps")}
    np.testing.assert_allclose(states(model, changed)[0, :5], states(model, batch)[0, :5], atol=1e-6)
    np.testing.assert_allclose(probabilities(model, batch).sum(axis=1), 1, rtol=1e-5)


def test_without_head_or_behaviours_the_state_itself_is_matched_with_the_products(make, batch):
    model = make(head_width=0, copy_path=False, inputs=InputsDefinition(behaviours=False))
    last = states(model, batch)[np.arange(3), batch["length"] - 1] + np.asarray(model.conditions.embeddings)[LATER_VISIT]
    scores = last @ np.asarray(model.table).T[:, 1:]
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities(model, batch)[:, 1:], expected, rtol=1e-4)


def test_a_simple_recurrence_is_tanh_of_the_weighted_input_and_the_weighted_state_before(make):
    layer = make(layers=(RecurrentDefinition(cell="simple"),), dropout=0.0).encoder[0]
    events = np.random.default_rng(1).normal(size=(1, 2, 8)).astype(np.float32)
    enter, back, bias = (np.asarray(weight) for weight in layer.cell.weights)
    first = np.tanh(events[0, 0] @ enter + bias)
    second = np.tanh(events[0, 1] @ enter + first @ back + bias)
    np.testing.assert_allclose(np.asarray(layer(events))[0], [first, second], rtol=1e-4, atol=1e-6)


def test_what_is_padding_does_not_matter(make, batch):
    model = make()
    before = probabilities(model, batch)
    longer = {name: array.copy() for name, array in batch.items()}
    longer["days"][1, 3:], longer["gaps"][1, 3:], longer["behaviours"][1, 3:] = 77, 5, 3
    np.testing.assert_allclose(probabilities(model, longer), before, rtol=1e-5)


def test_the_copy_path_only_reaches_what_the_user_knows(make, batch):
    with_copy = make()
    with_copy.copy_path.share.assign([50.0])  # repeat always
    found = probabilities(with_copy, batch) > 1e-12
    assert [set(np.flatnonzero(row)) for row in found] == [{1, 2, 3, 4, 5, 6, 8, 9}, {1, 7, 8, 9}, {5}]


@pytest.mark.parametrize("name, field", [("segment", "segment"), ("attributes", "attributes"), ("behaviours", "behaviours"), ("gaps", "gaps")])
def test_each_input_enters_the_state_unless_the_definition_leaves_it_out(make, batch, name, field):
    changed = batch | {name: (batch[name][::-1] if name in ("segment", "attributes") else (batch[name] > 0) * 1).copy()}
    with_it, without = make(), make(inputs=InputsDefinition(**{field: False}))
    assert np.abs(states(with_it, changed) - states(with_it, batch)).max() > 1e-3
    np.testing.assert_array_equal(states(without, changed), states(without, batch))


def test_spread_adds_the_weights_of_a_repeated_product_and_drops_padding():
    places, weights = np.array([[1, 3, 1, 0]], np.int32), np.array([[0.1, 0.2, 0.3, 0.4]], np.float32)
    np.testing.assert_allclose(np.asarray(spread(weights, places, 5)), [[0, 0.4, 0, 0.2, 0]], rtol=1e-6)


def test_half_precision_keeps_likelihoods_finite_even_where_nothing_can_be_copied(make, batch):
    import keras

    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model, ones = make(), np.ones((3, 6), np.int32)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    found = likelihoods(model, batch, Targets(ones * 9, ones * LATER_VISIT, ones * ANY_BEHAVIOUR, ones))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(probabilities(model, batch).sum(axis=1), 1, rtol=1e-2)
