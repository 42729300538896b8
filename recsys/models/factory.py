"""Make the model that a definition describes, with all its weights."""

from __future__ import annotations

from recsys import columns as c
from recsys.models.definition import ModelDefinition
from recsys.models.recommender import Recommender
from recsys.sequences.shape import WindowShape


def make_model(definition: ModelDefinition, shape: WindowShape, products: int, segments: int) -> Recommender:
    """A model for a catalogue of `products`, users of `segments` segments, and windows of `shape`; weights are random."""
    model = Recommender(definition, products, segments)
    model.build({name: (None, *row) for name, (_, row) in shape.columns().items() if name != c.TARGETS})
    return model
