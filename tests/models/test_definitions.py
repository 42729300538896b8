"""The shipped definitions, beside each other."""

from dataclasses import fields
from pathlib import Path

import pytest

from recsys.faults import BadSettings
from recsys.models.definition import read_definition

MODELS = Path(__file__).parents[2] / "conf" / "models"
ABLATIONS = sorted((MODELS / "ablation").glob("without_*.yaml"))


def leaves(definition) -> dict:
    inputs = {field.name: getattr(definition.inputs, field.name) for field in fields(definition.inputs)}
    rest = {field.name: getattr(definition, field.name) for field in fields(definition) if field.name not in ("inputs", "layers")}
    return rest | inputs | {layer.kind: layer for layer in definition.layers}


def changed(one, other) -> set[str]:
    one, other = leaves(one), leaves(other)
    assert one.pop("name") != other.pop("name")
    return {key for key in one if other.get(key) != one[key]}


@pytest.mark.parametrize("path", ABLATIONS, ids=lambda path: path.stem)
def test_an_ablation_leaves_out_the_one_thing_that_it_is_named_after(path):
    part = read_definition(path)
    assert part.name == path.stem
    missing = changed(read_definition(MODELS / "ablation" / "whole.yaml"), part)
    assert missing == {path.stem.removeprefix("without_")} and not any(leaves(part).get(key) for key in missing)


def test_the_default_is_the_whole_model_without_what_did_not_help():
    default, whole = (read_definition(MODELS / path) for path in ("bilstm_transformer.yaml", "ablation/whole.yaml"))
    assert changed(whole, default) == {"attributes"}


def test_a_width_that_the_heads_do_not_divide_is_refused(tmp_path):
    (tmp_path / "odd.yaml").write_text("name: odd\nwidth: 64\nlayers:\n  - {kind: transformer, heads: 3}\n")
    with pytest.raises(BadSettings, match="odd.yaml: width = 64 cannot be shared by heads = 3"):
        read_definition(tmp_path / "odd.yaml")
