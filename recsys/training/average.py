"""The mean of a training's weights over its last steps: what is judged after every epoch, and kept.

A high learning rate leaves the weights somewhere around where they would come to rest. Their mean is near that place at any
time, so no epoch waits for the rate to fall.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

_POWER = 8  # so that about the last ninth of all steps counts


class Average:
    """Polynomial-decay averaging (Shamir and Zhang 2013, section 4): step t counts like t to the power of eight.

    Args:
        variables: what is averaged. `values` are their means, in the same order.
    """

    def __init__(self, variables: Sequence[keras.Variable]) -> None:
        self.values = [keras.Variable(np.array(variable), trainable=False, name="average") for variable in variables]
        pairs = [(mean.value, variable.value) for mean, variable in zip(self.values, variables)]

        @tf.function(autograph=False)
        def add(share):
            for mean, variable in pairs:
                mean.assign_add(tf.cast(share, mean.dtype) * (variable - mean))

        @tf.function(autograph=False)
        def swap():
            for mean, variable in pairs:
                before = tf.identity(mean)
                mean.assign(variable)
                variable.assign(before)

        self._add, self._swap = add, swap

    def add(self, step: int) -> None:
        """Count the weights as they are after step `step` of the whole training, from 0; step 0 begins anew."""
        self._add(tf.constant((_POWER + 1) / (_POWER + 1 + step), tf.float32))

    @contextmanager
    def used(self) -> Iterator[None]:
        """Within it the variables hold their means; after it their own values again."""
        self._swap()
        try:
            yield
        finally:
            self._swap()
