"""A tiny model and a batch of three windows: full, half full, and one event long."""

import numpy as np
import pytest

from recsys.models.definition import ModelDefinition
from recsys.models.factory import make_model
from recsys.sequences.shape import WindowShape

SHAPE = WindowShape(length=6, memory=3, attributes=2)
PRODUCTS = 9


@pytest.fixture
def make():
    def make(**changes):
        import keras

        keras.utils.set_random_seed(3)
        definition = ModelDefinition(**({"name": "tiny", "width": 8, "head_width": 16} | changes))
        return make_model(definition, SHAPE, PRODUCTS, segments=2)

    return make


@pytest.fixture
def batch():
    lengths = np.array([6, 3, 1], np.int32)
    real = np.arange(6) < lengths[:, None]
    whole = lambda row: np.where(real, np.array(row), 0).astype(np.int32)
    rows = SHAPE.padding(3) | {
        "items": whole([[1, 2, 3, 4, 5, 6], [7, 8, 9, 0, 0, 0], [5, 0, 0, 0, 0, 0]]),
        "behaviours": whole([[1, 2, 3, 4, 5, 6]] * 3),
        "gaps": whole([[1, 2, 3, 4, 5, 6]] * 3),
        "days": whole([[10, 10, 12, 15, 60, 61]] * 3),
        "visits": whole([[0, 0, 1, 2, 3, 3]] * 3),
        "memory_items": np.array([[9, 8, 0], [1, 0, 0], [0, 0, 0]], np.int32),
        "memory_counts": np.array([[4, 1, 0], [2, 0, 0], [0, 0, 0]], np.float32),
        "memory_days": np.array([[5, 9, 0], [3, 0, 0], [0, 0, 0]], np.int32),
        "segment": np.array([0, 1, -1], np.int32),
        "attributes": np.array([[0, 1], [0.5, 0.5], [1, 0]], np.float32),
        "length": lengths,
        "weight": np.array([1, 1, 0], np.float32),
    }
    return rows
