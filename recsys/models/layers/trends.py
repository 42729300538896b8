"""What is chosen these days: which products a list is tilted towards."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from recsys.models.follows import Follows

OWN = 0.2  # the power with which trends count among the products that a user had, before the validation part says how much
_NOTHING = 1e-30  # so that a path that says nothing is not divided by 0


class Trends(keras.layers.Layer):
    """How many users chose each product lately, and how much that counts: a probability is multiplied by (1 + users)^power.

    One power is for the user's own products: what is out of season is not bought again. The other is for all that the
    catalogue and the follow path say; it begins at 0, for where lists may repeat they are decided by the own products.
    A training window does not know what was chosen around its days, so the powers are not learned but found by
    `recsys.training.balance`.
    """

    def __init__(self, products: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.products = products
        self.own = self.add_weight(shape=(1,), initializer=keras.initializers.Constant(OWN), trainable=False, autocast=False, name="own")
        self.others = self.add_weight(shape=(1,), initializer="zeros", trainable=False, autocast=False, name="others")
        self.lately = self.add_weight(shape=(products + 1,), initializer="zeros", trainable=False, autocast=False, name="lately")

    @property
    def tables(self) -> list:
        """What is counted or found, and not learned."""
        return [self.own, self.others, self.lately]

    def fill(self, follows: Follows) -> None:
        self.lately.assign(np.zeros(self.products + 1, np.float32) if follows.lately is None else follows.lately)

    def favour(self, power, places=None):
        """log (1 + users)^power, float32: of all products [products + 1], or of those in `places`, int of any shape."""
        return power * ops.log1p(ops.convert_to_tensor(self.lately) if places is None else ops.take(self.lately, places))


def tilted(weights, favour):
    """The distributions `weights`, float32 [rows, any], each weight multiplied by exp(favour); where all are 0 they stay so."""
    heeded = weights * ops.exp(favour)
    return heeded / ops.maximum(ops.sum(heeded, axis=-1, keepdims=True), _NOTHING)
