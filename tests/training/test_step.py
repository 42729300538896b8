from types import SimpleNamespace

import numpy as np
import pytest

from recsys.models.definition import InputsDefinition, ModelDefinition, RecurrentDefinition, TransformerDefinition
from recsys.models.factory import make_model
from recsys.sequences.shape import WindowShape
from recsys.settings import TrainingSettings
from tests.training.conftest import LENGTH, MEMORY, PRODUCTS

ALONE = SimpleNamespace(Sum=None, DistributedGradientTape=lambda tape, **_: tape, allreduce=lambda value, op: value)
NOTHING = InputsDefinition(behaviours=False, gaps=False, segment=False, attributes=False)


@pytest.mark.parametrize("layer", [RecurrentDefinition(cell="gru"), TransformerDefinition(heads=1, positions="absolute")], ids=lambda layer: layer.kind)
def test_a_model_learns_the_circle_though_most_inputs_are_left_out_of_its_definition(circle_batch, layer):
    from recsys.training.step import make_optimizer, make_step

    definition = ModelDefinition(
        name="small", width=16, dropout=0.0, inputs=NOTHING, layers=(layer,), head_width=0, copy_path=False, later_share=0.0
    )
    model = make_model(definition, WindowShape(LENGTH, MEMORY, 2), PRODUCTS, segments=2)
    settings = TrainingSettings(learning_rate=0.02)
    optimizer = make_optimizer(settings)
    optimizer.build(model.trainable_variables)
    gaps = np.array(model.events.gaps.embeddings)
    step, rng = make_step(model, optimizer, definition, ALONE), np.random.default_rng(1)
    batch = circle_batch | {"weight": np.ones(4, np.float32)}
    losses = [float(loss) / float(targets) for loss, targets, _ in (step(batch, None, rng, rate=0.02) for _ in range(80))]
    assert losses[0] > 2.0 and losses[-1] < 0.5
    np.testing.assert_array_equal(np.array(model.events.gaps.embeddings), gaps)


def test_a_step_follows_from_weights_batch_and_random_numbers_whatever_was_drawn_before(circle_batch):
    from recsys.training.step import make_optimizer, make_step

    definition = ModelDefinition(name="dropping", width=8, dropout=0.5, head_width=8, later_share=0.5)
    model = make_model(definition, WindowShape(LENGTH, MEMORY, 2), PRODUCTS, segments=2)
    optimizer = make_optimizer(TrainingSettings())
    optimizer.build(model.trainable_variables)
    variables = [*model.trainable_variables, *optimizer.variables]
    step, batch = make_step(model, optimizer, definition, ALONE), circle_batch | {"weight": np.ones(4, np.float32)}

    def after(start, number):
        for variable, value in zip(variables, start):
            variable.assign(value)
        step(batch, None, np.random.default_rng(number), rate=1e-3)
        return [np.array(variable) for variable in variables]

    first = after([np.array(variable) for variable in variables], 1)
    straight, other, resumed = after(first, 2), after(first, 3), after(first, 2)
    assert all((left == right).all() for left, right in zip(straight, resumed))
    assert any((left != right).any() for left, right in zip(straight, other))


def test_the_optimizer_is_the_adam_of_keras():
    import keras
    import tensorflow as tf

    from recsys.training.step import make_optimizer

    settings, rng = TrainingSettings(), np.random.default_rng(1)
    ours, theirs = make_optimizer(settings), keras.optimizers.Adam(settings.learning_rate, beta_2=0.98, global_clipnorm=5.0)
    weights = [keras.Variable(np.ones((3, 2), np.float32)) for _ in range(2)]
    for _ in range(20):
        gradient = tf.constant(rng.normal(size=(3, 2)) * 9, tf.float32)  # some above the norm that is let through
        for optimizer, weight in zip((ours, theirs), weights):
            optimizer.apply_gradients([(gradient, weight)])
    np.testing.assert_allclose(*weights, rtol=1e-6)
    assert np.abs(np.array(weights[0]) - 1).max() > 0.01
