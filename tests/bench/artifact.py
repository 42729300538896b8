"""A model as a training would leave it, but with random weights: what it says means nothing, how long it takes does."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from recsys.greetings import without_greetings
from recsys.models.conditions import condition_for
from recsys.models.definition import ModelDefinition, read_definition
from recsys.training.artifact import save_artifact
from tests.bench.shop import SEGMENTS, Shop

MODELS = Path("conf/models")


def definition_of(name: str) -> ModelDefinition:
    return read_definition(MODELS / f"{name}.yaml")


def untrained(definition: ModelDefinition, shop: Shop) -> Any:
    """The network with random weights and neighbours."""
    with without_greetings():
        from recsys.models.factory import make_model

    model = make_model(definition, shop.shape, shop.products, SEGMENTS)
    model.fill(shop.follows(definition.neighbours))
    return model


def save_untrained(definition: ModelDefinition, shop: Shop, folder: Path) -> str:
    """Returns the folder of the model."""
    model = untrained(definition, shop)
    return save(definition, shop, folder, {weight.path: np.array(weight) for weight in model.kept})


def save(definition: ModelDefinition, shop: Shop, folder: Path, weights: dict[str, np.ndarray]) -> str:
    """A model of these weights, by its arrays' paths. Returns its folder."""
    manifest = {
        "definition": asdict(definition), "shape": asdict(shop.shape), "segments": SEGMENTS,
        "condition": condition_for(definition.later_share, "time"),
    }
    items = ["", *(f"p{number}" for number in range(1, shop.products + 1))]
    return save_artifact(str(folder), definition.name, manifest, items, weights)
