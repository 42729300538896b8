"""A model as a training would leave it, but with random weights: what it says means nothing, how long it takes does."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from recsys.greetings import without_greetings
from recsys.models.conditions import LATER_VISIT, NEXT_EVENT
from recsys.models.definition import ModelDefinition, read_definition
from tests.bench.shop import SEGMENTS, Shop

MODELS = Path("conf/models")


def definition_of(name: str) -> ModelDefinition:
    return read_definition(MODELS / f"{name}.yaml")


def save_untrained(definition: ModelDefinition, shop: Shop, folder: Path) -> str:
    """Returns the folder of the model."""
    with without_greetings():
        from recsys.models.factory import make_model
        from recsys.training.artifact import save_artifact

    model = make_model(definition, shop.shape, shop.products, SEGMENTS)
    if model.follow_path is not None:
        model.follow_path.fill(shop.follows(definition.neighbours))
    manifest = {
        "definition": asdict(definition), "shape": asdict(shop.shape), "segments": SEGMENTS,
        "condition": LATER_VISIT if definition.later_share else NEXT_EVENT,
    }
    items = ["", *(f"p{number}" for number in range(1, shop.products + 1))]
    return save_artifact(str(folder), definition.name, manifest, items, {weight.path: np.array(weight) for weight in model.kept})
