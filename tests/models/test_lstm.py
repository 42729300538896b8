import keras
import numpy as np
import pytest
import tensorflow as tf

from recsys.models.layers.lstm import LSTM

WIDTH = 4


@pytest.mark.parametrize("length", [1, 7])
def test_states_and_gradients_are_those_of_keras(length):
    layer, events = LSTM(WIDTH), tf.constant(np.random.default_rng(3).normal(size=(5, length, WIDTH)), tf.float32)
    layer.build(events.shape)
    layer.cell.bias.assign(np.linspace(-1, 1, 4 * WIDTH))  # told apart by gate
    weights = [variable.value for variable in layer.trainable_variables]

    def followed(call):
        with tf.GradientTape() as tape:
            tape.watch(events)
            states = call(events)
            loss = tf.reduce_sum(tf.sin(3.0 * states))
        return [states, *tape.gradient(loss, [events, *weights])]

    for ours, theirs in zip(followed(layer), followed(lambda events: keras.layers.LSTM.call(layer, events)), strict=True):
        # Sums in single precision, whose order depends on the processor: as exact as the largest of them can be.
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6 * np.abs(theirs).max())


def test_half_precision_is_left_to_keras():
    layer = LSTM(WIDTH, dtype="mixed_bfloat16")
    layer.build((None, None, WIDTH))
    assert layer(tf.zeros([2, 3, WIDTH])).shape == (2, 3, WIDTH)
