"""The shipped definitions, beside each other."""

from dataclasses import fields
from pathlib import Path

import pytest

from recsys.models.definition import read_definition

MODELS = Path(__file__).parents[2] / "conf" / "models"
ABLATIONS = sorted((MODELS / "ablation").glob("*.yaml"))


def leaves(definition) -> dict:
    inputs = {field.name: getattr(definition.inputs, field.name) for field in fields(definition.inputs)}
    rest = {field.name: getattr(definition, field.name) for field in fields(definition) if field.name not in ("inputs", "layers")}
    return rest | inputs | {layer.kind: layer for layer in definition.layers}


@pytest.mark.parametrize("path", ABLATIONS, ids=lambda path: path.stem)
def test_an_ablation_leaves_out_the_one_thing_that_it_is_named_after(path):
    whole, part = leaves(read_definition(MODELS / "bilstm_transformer.yaml")), leaves(read_definition(path))
    assert part.pop("name") == path.stem and whole.pop("name") == "bilstm_transformer"
    changed = {key for key in whole if part.get(key) != whole[key]}
    assert changed == {path.stem.removeprefix("without_")} and not any(part.get(key) for key in changed)
