"""The first layer: events become vectors, and the user's segment and attributes join each of them."""

from __future__ import annotations

import keras

from recsys.models.definition import InputsDefinition

BEHAVIOUR_CODES = 8  # padding, six behaviours, one spare
GAP_BUCKETS = 32


class EventEmbedding(keras.layers.Layer):
    """Sum of product, behaviour and time-gap embeddings and of what is known about the user.

    Input: items, behaviours, gaps int32 [rows, length]; segment int32 [rows], -1 where unknown;
    attributes float32 [rows, attributes], min-max normalised (P1 eq. 4). Output: float [rows, length, width];
    padding positions hold a vector too, and no later layer lets a real position look at them.

    The product table is held here because the output layer shares it.
    """

    def __init__(self, inputs: InputsDefinition, width: int, items: int, segments: int, dropout: float, **kwargs) -> None:
        super().__init__(**kwargs)
        self.inputs = inputs
        small = keras.initializers.RandomNormal(stddev=0.02, seed=keras.random.SeedGenerator(1))
        self.items = keras.layers.Embedding(items + 1, width, embeddings_initializer="glorot_normal", name="items")
        self.behaviours = keras.layers.Embedding(BEHAVIOUR_CODES, width, embeddings_initializer=small, name="behaviours")
        self.gaps = keras.layers.Embedding(GAP_BUCKETS, width, embeddings_initializer=small, name="gaps")
        self.segments = keras.layers.Embedding(segments + 1, width, embeddings_initializer=small, name="segments")
        self.attributes = keras.layers.Dense(width, use_bias=False, kernel_initializer=small, name="attributes")
        self.norm = keras.layers.LayerNormalization(name="norm")
        self.drop = keras.layers.Dropout(dropout)

    def build(self, shapes: dict[str, tuple]) -> None:
        for layer in (self.items, self.behaviours, self.gaps):
            layer.build(shapes["items"])
        self.segments.build(shapes["segment"])
        self.attributes.build(shapes["attributes"])
        self.norm.build((*shapes["items"], self.items.output_dim))

    def call(self, batch: dict, training: bool = False):
        events = self.items(batch["items"])
        if self.inputs.behaviours:
            events += self.behaviours(batch["behaviours"])
        if self.inputs.gaps:
            events += self.gaps(batch["gaps"])
        if self.inputs.segment:
            events += self.segments(batch["segment"] + 1)[:, None, :]
        if self.inputs.attributes:
            events += self.attributes(batch["attributes"])[:, None, :]
        return self.drop(self.norm(events), training=training)
