"""The way to go on as others did: what came near the user's last products in the histories of all users."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from recsys.models.follows import FADE, LEAST, RARITY, REACH, TRUST, Follows, nearness
from recsys.models.layers.copy_path import PACE
from recsys.models.layers.trends import tilted

_FAR = -1e9
_ROUNDING = 1e-4  # of counts that are subtracted from each other, as a share


class FollowPath(keras.layers.Layer):
    """A distribution over the neighbours of the last products, and the share of the probability that it gets.

    Each of the last `REACH` products speaks for its neighbours in proportion to their counts; how much each is heard
    is learned from how far back it lies, from the condition, and from how much is known of it. What a network learns
    of such pairs in many epochs is there from the first step, and the network learns what it cannot say.

    The counts are those of the table `neighbours`: while it learns, of all that was there to learn from; when it is asked,
    of all that is known by then. A list divides what they say of a product by that product's own total to a power: what comes near
    everything says little of anything. Likelihood would rather have the popular ones, so that power is not learned but found by
    `recsys.training.balance`. Of a window that is learned from, its own pairs are subtracted first, and a neighbour
    that is among those kept by them alone says nothing: else targets would foretell themselves. Pairs of an event in the
    window with one before or after it, in a history that is cut into several windows, stay counted.
    """

    def __init__(self, products: int, neighbours: int, conditions: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.products, self.neighbours, self.conditions = products, neighbours, conditions
        self.share = keras.layers.Dense(1, name="share")

    def build(self, shape: tuple) -> None:
        size = (self.products + 1, self.neighbours)
        self.items = self.add_weight(shape=size, dtype="int32", initializer="zeros", trainable=False, name="items")
        self.counts = self.add_weight(shape=size, dtype="float32", initializer="zeros", trainable=False, autocast=False, name="counts")
        self.fade = self.add_weight(shape=(self.conditions, REACH), initializer="zeros", name="fade")
        self.trust = self.add_weight(shape=(2,), initializer="zeros", name="trust")
        self.volume = self.add_weight(shape=(self.products + 1,), initializer="zeros", trainable=False, autocast=False, name="volume")
        self.rarity = self.add_weight(shape=(1,), initializer=keras.initializers.Constant(RARITY), trainable=False, autocast=False, name="rarity")
        self.share.build(shape)

    @property
    def tables(self) -> list:
        """What is counted or found, and not learned."""
        return [self.items, self.counts, self.volume, self.rarity]

    def fill(self, follows: Follows) -> None:
        known = follows.fitted(self.neighbours)
        self.items.assign(known.items)
        self.counts.assign(known.counts)
        self.volume.assign(known.counts.sum(axis=1))

    def log_likelihood(self, asked, condition, items, targets):
        """Of the target of every position.

        Args:
            asked: float [rows, length, width], the states that ask.
            condition, items, targets: int [rows, length].

        Returns:
            odds: float32 [rows, length], log(share / (1 - share)) of this path's share.
            log_likelihood: float32 [rows, length], of the target by this path alone.
        """
        length = ops.shape(items)[1]
        places = ops.maximum(ops.arange(length)[:, None] - ops.arange(REACH)[None, :], 0)
        exists = ops.arange(length)[:, None] >= ops.arange(REACH)[None, :]
        own_pairs, own_totals = self._own(items, targets, places)
        near, counts = ops.take(self.items, items, axis=0), ops.take(self.counts, items, axis=0)

        def of_sources(values):
            """float [rows, length, REACH]: of [rows, length] what stands at the sources of every position, 0 where there is none."""
            return ops.where(exists, ops.stack([ops.roll(values, back, axis=1) for back in range(REACH)], axis=-1), 0.0)

        count = ops.where(exists, self._counts_of(targets, near, counts), 0.0) - own_pairs
        total = of_sources(ops.sum(counts, axis=-1)) - own_totals
        weights, odds = self._heard(asked, condition, total)
        least_kept = (1 - _ROUNDING) * of_sources(counts[..., -1])  # 0 where all that are known are kept
        said = ops.where(count > ops.maximum(least_kept, LEAST), ops.log(ops.maximum(count, LEAST)) - ops.log(ops.maximum(total, count)), _FAR)
        return odds, ops.logsumexp(weights + said, axis=-1)

    def _counts_of(self, targets, near, counts):
        """How often the target of every position is counted as a neighbour of each of its sources, float32 [rows, length, REACH].

        Targets are moved to their sources, one place after the other, since what stands there is many times as wide.

        Args:
            targets: int [rows, length]; near, counts: [rows, length, neighbours], those of the product at every position.
        """
        found = []
        for back in range(REACH):
            meant = near == ops.roll(targets, -back, axis=1)[..., None]
            found.append(ops.roll(ops.sum(ops.where(meant, counts, 0.0), axis=-1), back, axis=1))
        return ops.stack(found, axis=-1)

    def distribution(self, asked, condition, items, place):
        """Of the one position of each row that asks.

        Args:
            asked: float [rows, 1, width].
            condition, place: int [rows, 1]; `place` is the position in the window.
            items: int [rows, length].

        Returns:
            odds: float32 [rows, 1].
            products: int [rows, REACH * neighbours]; weights: float32 of the same shape, a distribution over them.
        """
        back = place - ops.arange(REACH)[None, :]
        sources = ops.where(back >= 0, ops.take_along_axis(items, ops.maximum(back, 0), axis=1), 0)
        counts, products = ops.take(self.counts, sources, axis=0), ops.take(self.items, sources, axis=0)
        total = ops.sum(counts, axis=-1)
        weights, odds = self._heard(asked, condition, total[:, None, :])
        said = ops.exp(weights[:, 0, :])[..., None] * counts / ops.maximum(total, LEAST)[..., None]
        rows = ops.shape(items)[0]
        return odds, ops.reshape(products, (rows, -1)), ops.reshape(said, (rows, -1))

    def rarer(self, weights, products, move):
        """A distribution over `products`, both [rows, any], divided by their totals to the power of `rarity` + `move`."""
        volume = ops.log(ops.maximum(ops.take(self.volume, products), LEAST))
        return tilted(weights, -(self.rarity + move) * volume)

    def _heard(self, asked, condition, total):
        """Log weights of the sources [rows, asks, REACH], and the log odds of the share of this path [rows, asks]."""
        known = total > LEAST
        volume = ops.log(ops.maximum(total, LEAST))
        trust, trusted = ops.unstack(PACE * ops.cast(self.trust, "float32"), 2)
        fade = FADE * ops.arange(REACH, dtype="float32") + PACE * ops.cast(ops.take(self.fade, condition, axis=0), "float32")
        scores = ops.where(known, (TRUST + trust) * volume + fade, _FAR)
        loudest = ops.max(ops.where(known, volume + fade, _FAR), axis=-1)
        any_known = ops.any(known, axis=-1)
        gate = ops.cast(self.share(asked)[..., 0], "float32") + trusted * ops.where(any_known, loudest, 0.0)
        return ops.log_softmax(scores, axis=-1), ops.where(any_known, gate, _FAR)

    def _own(self, items, targets, places):
        """What the window itself added: to each source's count of the target, and to each source's total.

        Args:
            places: int [length, REACH], the positions of the sources of every position.

        Returns:
            Two float32 [rows, length, REACH].
        """
        length = ops.shape(items)[1]
        real = items > 0
        same = ops.cast(ops.logical_and(items[:, :, None] == items[:, None, :], real[:, :, None]), "float32")
        apart = ops.arange(length)[None, :] - ops.arange(length)[:, None]
        near = ops.take(ops.convert_to_tensor(_NEARNESS), ops.clip(apart, -REACH - 1, REACH + 1) + REACH + 1)
        added = ops.matmul(same, near) * ops.cast(real, "float32")[:, None, :] * (1.0 - same)
        meant = ops.cast(ops.logical_and(items[:, None, :] == targets[:, :, None], real[:, None, :]), "float32")
        pairs = ops.matmul(meant, ops.swapaxes(added, -1, -2))
        rows = ops.shape(items)[0]
        places = ops.broadcast_to(places[None], (rows, length, REACH))
        totals = ops.reshape(ops.take_along_axis(ops.sum(added, axis=-1), ops.reshape(places, (rows, -1)), axis=1), (rows, length, REACH))
        return ops.take_along_axis(pairs, places, axis=2), totals


_NEARNESS = nearness(np.arange(-REACH - 1, REACH + 2))
