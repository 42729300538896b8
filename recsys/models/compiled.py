"""Compile a function of tensors with whatever backend Keras runs on."""

from __future__ import annotations

from collections.abc import Callable

import keras


def compiled(function: Callable) -> Callable:
    """`function` as a graph where the backend is TensorFlow, as it is elsewhere."""
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    return tf.function(function, reduce_retracing=True)
