"""Model files and checkpoints from elsewhere: nothing in them may run when they are loaded."""

import ast
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from recsys.faults import BadData, BadSettings
from recsys.models.definition import read_definition
from recsys.training import checkpoint
from recsys.training.artifact import load_artifact, read_manifest
from tests.training.test_artifact import models  # noqa: F401 (a fixture)


class Payload:
    """What a pickle may hold: loading it touches the file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def rewritten(folder, **changes):
    """Change the manifest, as one who forges a model would, with checksums that fit."""
    manifest = json.loads((folder / "manifest.json").read_text())
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("items.json", "weights.npz")}
    (folder / "manifest.json").write_text(json.dumps(manifest | {"checksums": sums} | changes))


def test_a_pickle_among_the_weights_is_refused_and_not_run(models, tmp_path):  # noqa: F811
    folder, proof = models / "circle-1", tmp_path / "it_ran"
    names = np.load(folder / "weights.npz").files
    np.savez(folder / "weights.npz", **{name: np.array([Payload(proof)], dtype=object) for name in names})
    assert np.load(folder / "weights.npz", allow_pickle=True)[names[0]] is not None and proof.exists()  # it would have
    proof.unlink()
    with pytest.raises(BadData, match="is not the file that was saved"):
        load_artifact(str(folder))
    rewritten(folder)
    with pytest.raises(BadData, match="holds no model that this program wrote"):
        load_artifact(str(folder))
    assert not proof.exists()


@pytest.mark.parametrize("content", [b"", b"not a zip", b"\x80\x04\x95pickle", b"PK\x03\x04"])
def test_other_files_in_place_of_the_weights_are_refused(models, content):  # noqa: F811
    (models / "circle-1" / "weights.npz").write_bytes(content)
    rewritten(models / "circle-1")
    with pytest.raises(BadData, match="circle-1"):
        load_artifact(str(models / "circle-1"))


@pytest.mark.parametrize(
    "changes", [{"checksums": {}}, {"shape": {"length": "x"}}, {"definition": {"name": "../../x"}}, {"definition": {"name": "x", "layers": [{"kind": "lambda"}]}}]
)
def test_a_manifest_that_asks_for_something_else_is_refused(models, changes):  # noqa: F811
    rewritten(models / "circle-1", **changes)
    with pytest.raises((BadData, BadSettings), match="circle-1"):
        load_artifact(str(models / "circle-1"))


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", "[" * 100_000])
def test_a_manifest_that_is_none_is_named(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(BadData, match="manifest.json is not the manifest of a model"):
        read_manifest(tmp_path)


def test_a_pickle_in_a_checkpoint_is_not_run(tmp_path):
    proof = tmp_path / "it_ran"
    np.savez(tmp_path / "checkpoint.npz", about=np.array([Payload(proof)], dtype=object))
    try:
        assert checkpoint.load(str(tmp_path), "this") is None
    except (ValueError, BadData):
        pass
    assert not proof.exists()


@pytest.mark.parametrize("name", ["../../etc/x", "/x", "a/b", "", "a\\nb"])
def test_the_name_of_a_model_cannot_leave_the_folder_of_models(tmp_path, name):
    (tmp_path / "model.yaml").write_text(f'name: "{name}"')
    with pytest.raises(BadSettings, match="name = "):
        read_definition(tmp_path / "model.yaml")


def test_only_what_our_own_processes_sent_is_ever_unpickled():
    """These read what their own tasks or children sent a moment before; no file and no table goes through pickle."""
    users = {
        str(path) for path in Path("recsys").rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and {alias.name.split(".")[0] for alias in node.names} & {"pickle", "cloudpickle", "joblib", "dill", "marshal", "shelve"})
        or (isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in {"eval", "exec", "load_model", "unsafe_load", "full_load"})
    }
    assert users == {"recsys/users/aggregate.py", "recsys/evaluation/measure.py", "recsys/pushes/alone.py"}
