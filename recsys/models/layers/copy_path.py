"""The way to repeat: a learned distribution over the user's own history, beside the one over the catalogue."""

from __future__ import annotations

import keras
from keras import ops

_FAR = -1e9
AGE_BUCKETS = 16
# Adam moves every weight by about the learning rate a step, and a small log has a few hundred steps: too few for a
# bias of several units. The few weights that speak for age, count and the like are therefore multiplied by this.
PACE = 20.0
_DROPOUT = 0.5  # of the state, where it asks which places come to mind: a small log is soon known by heart


class CopyPath(keras.layers.Layer):
    """Scores of every earlier event and remembered product as the next one, and the share of repeating.

    A product that stands several times in the history collects the probability of each of its places, so that
    frequency counts by itself; age (days between the two events) enters by a learned bias that depends on the
    condition, and remembered products add their log count. All from the past of the position that asks.

    The share is one number for all: who is about to repeat, a network that may tell it by the state learns by heart.
    """

    def __init__(self, width: int, conditions: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.width, self.conditions = width, conditions
        self.query = keras.layers.Dense(width, name="query")
        self.key = keras.layers.Dense(width, use_bias=False, name="key")
        self.key_bias = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", name="key_bias")
        self.drop = keras.layers.Dropout(_DROPOUT)

    def build(self, query_shape: tuple, item_shape: tuple) -> None:
        self.query.build(query_shape)
        self.key.build(item_shape)
        self.key_bias.build(item_shape)
        self.share = self.add_weight(shape=(1,), initializer="zeros", name="share")
        self.age_bias = self.add_weight(shape=(self.conditions, AGE_BUCKETS), initializer="zeros", name="age_bias")
        self.memory_age_bias = self.add_weight(shape=(self.conditions, AGE_BUCKETS), initializer="zeros", name="memory_age_bias")
        self.memory_count = self.add_weight(shape=(2,), initializer="zeros", name="memory_count")
        self.behaviour_bias = self.add_weight(shape=(8,), initializer="zeros", name="behaviour_bias")

    def call(self, queries, condition, day, position, keys, batch: dict, training: bool = False):
        """Log weights of the places, and the log odds of repeating.

        Args:
            queries: float [rows, asks, width], the state that asks.
            condition: int [rows, asks], which kind of next event is asked for.
            day, position: int [rows, asks], the day and the place in the window from which it is asked.
            keys: a pair of float [rows, length, width] and [rows, memory, width], embeddings of the places.

        Returns:
            log_weights: float32 [rows, asks, length + memory], log of a distribution over the places.
            odds: float32 [rows, asks], log(share / (1 - share)) of the share of repeating.
        """
        window_keys, memory_keys = keys
        query = self.query(self.drop(queries, training=training)) / self.width ** 0.5
        window = self._scores(query, window_keys) + PACE * ops.cast(ops.take(self.behaviour_bias, batch["behaviours"]), "float32")[:, None, :]
        window += self._age(self.age_bias, condition, day, batch["days"])
        seen = ops.arange(ops.shape(batch["items"])[1])[None, None, :] <= position[..., None]
        seen = ops.logical_and(seen, (batch["items"] > 0)[:, None, :])
        memory = self._scores(query, memory_keys) + self._age(self.memory_age_bias, condition, day, batch["memory_days"])
        counts = ops.log(ops.maximum(ops.cast(batch["memory_counts"], "float32"), 1.0))
        weight, offset = ops.unstack(PACE * ops.cast(self.memory_count, "float32"), 2)
        memory += ((1.0 + weight) * counts)[:, None, :] + offset
        remembered = ops.broadcast_to((batch["memory_items"] > 0)[:, None, :], ops.shape(memory))
        scores = ops.concatenate([ops.where(seen, window, _FAR), ops.where(remembered, memory, _FAR)], axis=-1)
        return ops.log_softmax(scores, axis=-1), ops.broadcast_to(ops.cast(self.share, "float32"), ops.shape(condition))

    def _scores(self, query, places):
        # query · (places · kernel), but the kernel goes to the queries, which are fewer than the places.
        turned = ops.matmul(query, ops.transpose(ops.cast(self.key.kernel, query.dtype)))
        matched = ops.matmul(turned, ops.swapaxes(ops.cast(places, query.dtype), -1, -2))
        # Half precision cannot hold what masks a place, nor tell long histories apart.
        return ops.cast(matched + ops.swapaxes(self.key_bias(places), -1, -2), "float32")

    def _age(self, bias, condition, day, place_days):
        """The bias of [rows, asks, places] by log2 of the days between them and by the condition asked for."""
        age = ops.maximum(day[..., None] - place_days[:, None, :], 0)
        bucket = ops.cast(2.0 * ops.log(ops.cast(age + 1, "float32")) / ops.log(2.0), "int32")
        bucket = ops.minimum(bucket, AGE_BUCKETS - 1)
        return PACE * ops.cast(ops.take(ops.reshape(bias, (-1,)), condition[..., None] * AGE_BUCKETS + bucket), "float32")
