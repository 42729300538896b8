"""What those like who have the same products: a look at the whole history, where the follow path looks at its end."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from recsys.models.follows import Follows

SHARE = 0.1  # with which it is heard, before the validation part says how much
_HALF_LIFE = 30.0  # days after which a product says half as much of its user's taste
_MOST = 64  # places of a history that are looked at, those that say most
_FAR = -1e9
_NOTHING = 1e-30  # so that a path that says nothing is not divided by 0


class TastePath(keras.layers.Layer):
    """A distribution over the products that are alike, to the same users, to those that the user has.

    Every event, and every remembered product as often as it was touched, speaks for the products that are most alike to its
    own, by their likeness, and half as much for every `_HALF_LIFE` days since: item-to-item collaborative filtering (Sarwar
    et al. 2001; Linden et al. 2003). Nothing of it is learned, for the counts hold the training targets too: by how much
    the path is heard is found by `recsys.training.balance`, on users' later days.
    """

    def __init__(self, products: int, likenesses: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.products, self.likenesses = products, likenesses
        odds, shape = float(np.log(SHARE / (1.0 - SHARE))), (products + 1, likenesses)
        self.share = self.add_weight(shape=(1,), initializer=keras.initializers.Constant(odds), trainable=False, autocast=False, name="share")
        self.items = self.add_weight(shape=shape, initializer="zeros", dtype="int32", trainable=False, autocast=False, name="items")
        self.likeness = self.add_weight(shape=shape, initializer="zeros", trainable=False, autocast=False, name="likeness")

    @property
    def tables(self) -> list:
        """What is counted or found, and not learned."""
        return [self.share, self.items, self.likeness]

    def fill(self, follows: Follows) -> None:
        known = (follows.alike or Follows.of_rows(np.zeros(0, int), (), (), self.products)).fitted(self.likenesses)
        self.items.assign(known.items)
        self.likeness.assign(known.counts)

    def distribution(self, batch: dict, day):
        """What the path says at the end of each window.

        Args:
            batch: windows, as in table `sequences`.
            day: int [rows, 1], of the last event.

        Returns:
            odds: float32 [rows, 1], log(share / (1 - share)) of this path's share.
            products: int [rows, places]; weights: float32 of the same shape, a distribution over them.
        """
        items = ops.concatenate([batch["items"], batch["memory_items"]], axis=1)
        days = ops.concatenate([batch["days"], batch["memory_days"]], axis=1)
        times = ops.concatenate([ops.ones_like(batch["items"], dtype="float32"), ops.cast(batch["memory_counts"], "float32")], axis=1)
        age = ops.cast(ops.maximum(day - days, 0), "float32")
        strength = ops.where(items > 0, times * ops.exp(-np.log(2.0) / _HALF_LIFE * age), 0.0)
        strength, items = (ops.pad(values, [[0, 0], [0, _MOST]]) for values in (strength, items))  # a trimmed window may hold fewer
        strength, places = ops.top_k(strength, _MOST)
        strongest = ops.take_along_axis(items, places, axis=1)
        products, likeness = ops.take(self.items, strongest, axis=0), ops.take(self.likeness, strongest, axis=0)
        rows = ops.shape(items)[0]
        said = ops.reshape(strength[..., None] * likeness, (rows, -1))
        total = ops.sum(said, axis=-1, keepdims=True)
        odds = ops.where(total > _NOTHING, ops.convert_to_tensor(self.share)[None, :], _FAR)
        return odds, ops.reshape(products, (rows, -1)), said / ops.maximum(total, _NOTHING)
