"""A trained model on disk, with all that it was made from: `<models>/<version>/`.

    manifest.json   settings, definition, data versions, normaliser, history, metrics, checksums
    weights.npz     one array for each weight, by its path in the model; no pickle, so loading runs no code
    items.json      the product of every index
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from recsys.configuration import fill
from recsys.faults import BadData, MissingTable
from recsys.models.definition import ModelDefinition
from recsys.models.follows import Follows
from recsys.sequences.shape import ARRAYS, NUMBERS, OF_EVENTS, OF_MEMORY, WindowShape
from recsys.training.disk import write_arrays, writing

MANIFEST, WEIGHTS, ITEMS = "manifest.json", "weights.npz", "items.json"


@dataclass
class Artifact:
    """A model ready to score, and its manifest."""

    version: str
    manifest: dict[str, Any]
    items: np.ndarray  # item_id by index; items[0] is ""
    model: Any  # recsys.models.recommender.Recommender
    _graphs: dict[tuple[int, int, bool], Callable] = field(default_factory=dict, repr=False)

    def top(
        self, batch: dict[str, np.ndarray], n: int, banned: list[np.ndarray] | None, behaviour: str | None, never: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The `n` likeliest products of every row.

        Args:
            batch: the array columns of `sequences`, stacked; every row has at least one event.
            n: length of the lists, at most the number of products.
            banned: for each row the indices it must not get; None for nothing.
            behaviour: what the list should lead to; None for any.
            never: bool [products + 1], by index whether no row may get it; None for nothing.

        Returns:
            int32 [rows, n] indices, best first, ties alike in every call, 0 where nothing is left;
            float32 [rows, n] probabilities, 0 where nothing is left.
        """
        own = None if banned is None else _rectangle(banned)
        return _ranked(*self._graph(n, behaviour, both=False)(self._read(batch), own, never))

    def tops(self, batch: dict[str, np.ndarray], n: int, banned: list[np.ndarray], behaviour: str | None) -> tuple[np.ndarray, np.ndarray]:
        """The indices that `top` gives without `banned`, and with it: for one look at the history instead of two."""
        free, bound = self._graph(n, behaviour, both=True)(self._read(batch), _rectangle(banned))
        return _ranked(*free)[0], _ranked(*bound)[0]

    def count_anew(self, follows: Follows) -> None:
        """Look up what others did in `follows` from now on, and no longer in what was known when the model was trained.

        Newcomers in it are listed like any other product; a model is given them once.
        """
        if follows.newcomers:
            self._admit(follows)
        self.model.fill(follows)

    def _admit(self, follows: Follows) -> None:
        from recsys.models.factory import make_model
        from recsys.models.newcomers import admit

        larger = make_model(self.model.definition, WindowShape(**self.manifest["shape"]), len(follows.items) - 1, self.manifest["segments"])
        admit(follows, self.model, larger)
        self.model, self.items = larger, np.concatenate([self.items, np.array(follows.newcomers, dtype=str)])
        self._graphs.clear()

    def _read(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Those columns of `batch` that the model looks at."""
        return {name: batch[name] for name in (*ARRAYS, *NUMBERS)}

    def _graph(self, n: int, behaviour: str | None, both: bool) -> Callable:
        from recsys.models.conditions import behaviour_code

        key = (n, behaviour_code(behaviour), both)
        if key not in self._graphs:
            self._graphs[key] = self._compiled(*key)
        return self._graphs[key]

    def _compiled(self, n: int, behaviour: int, both: bool) -> Callable:
        from recsys.models.compiled import compiled
        from recsys.models.places import leave_out
        from recsys.models.top import top_k

        def probabilities(batch: dict):
            return self.model(batch, condition=self.manifest["condition"], behaviour=behaviour)

        def top(batch: dict, banned, never):
            from keras import ops

            likely = probabilities(batch)
            if never is not None:
                likely = ops.where(never, -1.0, likely)
            return top_k(likely if banned is None else leave_out(likely, banned), n)

        def tops(batch: dict, banned):
            likely = probabilities(batch)
            return top_k(likely, n), top_k(leave_out(likely, banned), n)

        return compiled(tops if both else top, of_any_width=OF_EVENTS + OF_MEMORY)


def _ranked(scores: Any, indices: Any) -> tuple[np.ndarray, np.ndarray]:
    """What `top_k` found as indices and probabilities, both 0 where nothing is left."""
    scores, indices = np.asarray(scores), np.asarray(indices)
    return np.where(scores > 0, indices, 0).astype(np.int32), np.maximum(scores, 0)


def _rectangle(banned: list[np.ndarray]) -> np.ndarray:
    """Lists of indices as int32 [rows, width], 0 padded."""
    longest = max((len(indices) for indices in banned), default=0)
    matrix = np.zeros((len(banned), max(longest, 1)), np.int32)
    for row, indices in enumerate(banned):
        matrix[row, : len(indices)] = indices
    return matrix


def save_artifact(models: str, version: str, manifest: dict[str, Any], items: list[str], weights: dict[str, np.ndarray]) -> str:
    """Write the model below `models`. The same version is put aside and replaced by renames, so what is there is whole. Returns its folder.

    Raises:
        Infrastructure: the disk is full, or the folder cannot be written.
    """
    final = Path(models) / version
    partial, old = (final.with_name(f".{version}.{state}") for state in ("partial", "replaced"))
    with writing(f"The model {final}"):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        (partial / ITEMS).write_text(listed(items), encoding="utf-8")
        write_arrays(partial / WEIGHTS, weights)
        sums = {name: _checksum(partial / name) for name in (ITEMS, WEIGHTS)}
        text = json.dumps(manifest | {"version": version, "checksums": sums}, indent=1, default=str)
        (partial / MANIFEST).write_text(text, encoding="utf-8")
        shutil.rmtree(old, ignore_errors=True)
        if final.exists():
            final.rename(old)
        partial.rename(final)
        shutil.rmtree(old, ignore_errors=True)
    return str(final)


def artifact_for(models: str, model_ds: date) -> str:
    """The folder of the model that was trained for `model_ds`; of several the one trained last.

    Raises:
        MissingTable: there is none.
    """
    found = [path.parent for path in Path(models).glob(f"[!.]*/{MANIFEST}") if read_manifest(path.parent).get("model_ds") == str(model_ds)]
    if not found:
        raise MissingTable(f"No model of {model_ds} is in {models}. Run jobs/train_model.py --ds {model_ds} first, or name another day by --model-ds.")
    return str(max(found, key=lambda folder: (folder / MANIFEST).stat().st_mtime_ns))


def listed(items: Sequence[str]) -> str:
    """The text of the file of items."""
    return json.dumps(items)


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """What a model says of itself, without loading it.

    Raises:
        BadData: the file is no manifest.
    """
    path = Path(folder) / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadData(f"{path} is not the manifest of a model: {str(error)[:200]}. Remove that folder, or train the model again.") from None
    if not isinstance(manifest, dict) or "version" not in manifest:
        raise BadData(f"{path} is not the manifest of a model: it names no version. Remove that folder, or train the model again.")
    return manifest


def load_artifact(folder: str) -> Artifact:
    """The model in `folder`, checked against its checksums.

    Raises:
        BadData: a file was changed after the model was saved, or weights do not fit the definition.
    """
    from recsys.models.factory import make_model

    manifest, path = read_manifest(folder), Path(folder)
    for name in (ITEMS, WEIGHTS):
        if not (path / name).is_file() or _checksum(path / name) != manifest.get("checksums", {}).get(name):
            raise BadData(f"{path / name} is not the file that was saved with the model (its checksum differs). Train the model again.")
    definition = fill(ModelDefinition, manifest.get("definition"), str(path / MANIFEST))
    try:
        items = np.array(json.loads((path / ITEMS).read_text(encoding="utf-8")), dtype=str)
        model = make_model(definition, WindowShape(**manifest["shape"]), len(items) - 1, manifest["segments"])
        with np.load(path / WEIGHTS, allow_pickle=False) as weights:
            _fill_weights(model, weights, path)
    except (ValueError, TypeError, KeyError, OSError, EOFError, BadZipFile) as error:  # also an array of Python objects, which would run code when read
        raise BadData(f"{path} holds no model that this program wrote: {str(error)[:200]}. Remove that folder, or train the model again.") from None
    return Artifact(manifest["version"], manifest, items, model)


def _fill_weights(model: Any, weights: Any, path: Path) -> None:
    wanted = {weight.path: weight for weight in model.kept}
    if set(wanted) != set(weights.files):
        raise BadData(f"{path / WEIGHTS} does not hold the weights of its definition: {sorted(set(wanted) ^ set(weights.files))[:3]} differ. Train again.")
    for name, weight in wanted.items():
        weight.assign(weights[name])


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
