"""The state of a training between epochs, on disk: weights, optimizer, progress. Plain arrays, no code."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

Weights = dict[str, np.ndarray]  # by the path of the weight in the model
_FILE, _STATE, _BEST = "checkpoint.npz", "state/", "best/"


@dataclass
class Progress:
    """How far a training has come. `best` is the validation NDCG@10 of `best_epoch`; -1 before the first epoch."""

    epoch: int = 0
    best: float = -1.0
    best_epoch: int = -1
    history: list[dict[str, float]] = field(default_factory=list)

    def note(self, entry: dict[str, float], score: float) -> bool:
        """Add the finished epoch; True when it is the best so far."""
        self.history.append(entry)
        better = score > self.best
        if better:
            self.best, self.best_epoch = score, self.epoch
        self.epoch += 1
        return better

    def stalled(self, patience: int) -> bool:
        """Whether the last `patience` epochs brought nothing better."""
        return self.epoch - 1 - self.best_epoch >= patience


def save(folder: str, fingerprint: str, progress: Progress, state: list[np.ndarray], best: Weights) -> None:
    """Replace the checkpoint in `folder` in one rename, so that a kill leaves the last one whole.

    `state` is the whole training state, `best` the model's weights after its best epoch.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    arrays = {f"{_STATE}{number}": array for number, array in enumerate(state)}
    arrays |= {f"{_BEST}{path}": array for path, array in best.items()}
    about = json.dumps({"fingerprint": fingerprint, "progress": asdict(progress)})
    partial = Path(folder) / f"{_FILE}.partial"
    with partial.open("wb") as file:
        np.savez(file, about=np.array(about), **arrays)
    os.replace(partial, Path(folder) / _FILE)


def load(folder: str, fingerprint: str) -> tuple[Progress, list[np.ndarray], Weights] | None:
    """Progress, state and best weights of the checkpoint in `folder`; None where there is none of this training."""
    path = Path(folder) / _FILE
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        if about["fingerprint"] != fingerprint:
            return None
        state = [arrays[f"{_STATE}{number}"] for number in range(sum(name.startswith(_STATE) for name in arrays))]
        best = {name.removeprefix(_BEST): arrays[name] for name in arrays if name.startswith(_BEST)}
    return Progress(**about["progress"]), state, best
