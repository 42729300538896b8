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
        if self.absolute:
            events = events + self.places[:ops.shape(events)[1]]
        for block in self.blocks:
            events = block(events, training=training)
        return events


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
        attended = self.join(self._attend(self.attention_norm(events)))
        events = events + self.drop(attended, training=training)
        fed = self.outer(self.inner(self.feed_norm(events)))
        return events + self.drop(fed, training=training)

    def _attend(self, events):
        rows, length, _ = ops.shape(events)
        split = ops.reshape(self.project(events), (rows, length, 3, self.heads, self.width // self.heads))
        queries, keys, values = ops.unstack(ops.transpose(split, (2, 0, 3, 1, 4)), 3, axis=0)
        scores = ops.matmul(queries, ops.swapaxes(keys, -1, -2)) / (self.width // self.heads) ** 0.5
        weights = ops.softmax(ops.cast(scores, "float32") + self._bias(length), axis=-1)
        mixed = ops.matmul(ops.cast(weights, values.dtype), values)
        return ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (rows, length, self.width))

    def _bias(self, length):
        """[heads or 1, length, length]: the learned distance bias on and below the diagonal, far below zero above it."""
        distance = ops.arange(length)[:, None] - ops.arange(length)[None, :]
        if not self.by_distance:
            return ops.where(distance >= 0, 0.0, _FAR)[None]
        bucket = ops.log(ops.cast(ops.maximum(distance, 0) + 1, "float32")) / ops.log(2.0)
        bias = ops.transpose(ops.take(self.distance_bias, ops.cast(bucket, "int32"), axis=0), (2, 0, 1))
        return ops.where(distance >= 0, ops.cast(bias, "float32"), _FAR)
