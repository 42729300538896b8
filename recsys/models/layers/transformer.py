"""Causal Transformer blocks over a sequence, pre-norm, with a learned bias for the distance in events."""

from __future__ import annotations

import keras
from keras import ops

_FAR = -1e9


class CausalTransformer(keras.layers.Layer):
    """`blocks` × (self-attention, feed-forward), each added to its input.

    Input and output: float [rows, length, width], real events first. Position t attends to positions <= t only,
    so padding, which comes last, is never seen by a real event. Attention has a learned bias per head for
    log2 of the distance t - s, so windows may start anywhere in a history. With `positions` "absolute" it has
    none, and every place of the window has a learned vector instead, as in SASRec (Kang & McAuley, 2018).
    """

    def __init__(
        self, width: int, blocks: int, heads: int, feed_forward: int, dropout: float, positions: str = "distance", **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.absolute = positions == "absolute"
        self.blocks = [
            _Block(width, heads, feed_forward, dropout, not self.absolute, name=f"block_{number}") for number in range(blocks)
        ]

    def build(self, shape: tuple) -> None:
        if self.absolute:
            self.places = self.add_weight(shape=shape[-2:], initializer="normal", name="places")
        for block in self.blocks:
            block.build(shape)

    def call(self, events, training: bool = False):
        events = self._placed(events)
        for block in self.blocks:
            events = block(events, training=training)
        return events

    def at(self, events, place):
        """What `call` gives at `place`, int [rows, 1], alone: [rows, 1, width]. The last block asks from there only."""
        events = self._placed(events)
        for block in self.blocks[:-1]:
            events = block(events)
        return self.blocks[-1].at(events, place)

    def _placed(self, events):
        return events + ops.cast(self.places[:ops.shape(events)[1]], events.dtype) if self.absolute else events


class _Block(keras.layers.Layer):
    def __init__(self, width: int, heads: int, feed_forward: int, dropout: float, by_distance: bool, **kwargs) -> None:
        super().__init__(**kwargs)
        self.width, self.heads, self.by_distance = width, heads, by_distance
        self.attention_norm = keras.layers.LayerNormalization(name="attention_norm")
        self.project = keras.layers.Dense(3 * width, use_bias=False, name="project")
        self.join = keras.layers.Dense(width, name="join")
        self.feed_norm = keras.layers.LayerNormalization(name="feed_norm")
        self.inner = keras.layers.Dense(feed_forward * width, activation="gelu", name="inner")
        self.outer = keras.layers.Dense(width, name="outer")
        self.drop = keras.layers.Dropout(dropout)

    def build(self, shape: tuple) -> None:
        self.attention_norm.build(shape)
        self.project.build(shape)
        self.join.build(shape)
        self.feed_norm.build(shape)
        self.inner.build(shape)
        self.outer.build((*shape[:-1], self.inner.units))
        if self.by_distance:
            self.distance_bias = self.add_weight(shape=(16, self.heads), initializer="zeros", name="distance_bias")

    def call(self, events, training: bool = False):
        places = ops.arange(ops.shape(events)[1])
        queries, keys, values = self._split(events)
        return self._fed(events, self._attend(queries, keys, values, places[:, None] - places[None, :]), training)

    def at(self, events, place):
        queries, keys, values = self._split(events)
        asking = ops.take_along_axis(queries, place[:, None, :, None], axis=2)
        distance = place[:, :, None] - ops.arange(ops.shape(events)[1])[None, None, :]
        return self._fed(ops.take_along_axis(events, place[..., None], axis=1), self._attend(asking, keys, values, distance), False)

    def _split(self, events):
        """Queries, keys and values, each [rows, heads, length, width of a head]."""
        rows, length, _ = ops.shape(events)
        split = ops.reshape(self.project(self.attention_norm(events)), (rows, length, 3, self.heads, self.width // self.heads))
        return ops.unstack(ops.transpose(split, (2, 0, 3, 1, 4)), 3, axis=0)

    def _fed(self, events, attended, training: bool):
        events = events + self.drop(self.join(attended), training=training)
        fed = self.outer(self.inner(self.feed_norm(events)))
        return events + self.drop(fed, training=training)

    def _attend(self, queries, keys, values, distance):
        """float [rows, asked, width]; `distance`, int [asked, length] or [rows, asked, length], is how far each event lies back."""
        scores = ops.matmul(queries, ops.swapaxes(keys, -1, -2)) / (self.width // self.heads) ** 0.5
        weights = ops.softmax(ops.cast(scores, "float32") + self._bias(distance), axis=-1)
        mixed = ops.matmul(ops.cast(weights, values.dtype), values)
        rows, _, asked, _ = ops.shape(mixed)
        return ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (rows, asked, self.width))

    def _bias(self, distance):
        """[..., heads or 1, asked, length]: the learned bias for `distance`, far below zero where it is negative."""
        if not self.by_distance:
            return ops.where(distance >= 0, 0.0, _FAR)[..., None, :, :]
        bucket = ops.log(ops.cast(ops.maximum(distance, 0) + 1, "float32")) / ops.log(2.0)
        bias = ops.moveaxis(ops.take(self.distance_bias, ops.cast(bucket, "int32"), axis=0), -1, -3)
        return ops.where((distance >= 0)[..., None, :, :], ops.cast(bias, "float32"), _FAR)
