"""The state of a training on disk: weights, optimizer, progress. Plain arrays, no code."""

from __future__ import annotations

import json
import logging
import os
import socket
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from recsys.faults import Infrastructure
from recsys.training.disk import write_arrays, writing
from recsys.training.pace import scores_of

Weights = dict[str, np.ndarray]  # by the path of the weight in the model
_FILE, _BEFORE, _STATE, _BEST = "checkpoint.npz", "checkpoint.before.npz", "state/", "best/"
_DRIVER = "driver"  # a file that is there where the driver's folder is

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """How far a training has come. `best` is the validation NDCG@10 of `best_epoch`; -1 before the first epoch."""

    epoch: int = 0  # whole epochs
    step: int = 0  # steps done of the epoch under way
    loss: float = 0.0  # summed over these steps, on all ranks
    targets: float = 0.0  # the same
    seconds: float = 0.0  # these steps took
    spent: float = 0.0  # seconds of the whole training, over all its starts
    best: float = -1.0
    best_epoch: int = -1
    history: list[dict[str, float | None]] = field(default_factory=list)

    def add(self, loss: float, targets: float) -> None:
        """Note the step just done."""
        self.step, self.loss, self.targets = self.step + 1, self.loss + loss, self.targets + targets

    @property
    def mean_loss(self) -> float:
        return self.loss / max(self.targets, 1)

    def note(self, entry: dict[str, float | None]) -> bool:
        """Add the finished epoch; True when it is the best so far. With no score to judge by, the last is the best."""
        self.history.append(entry)
        score = self.scores[-1]
        better = score is None or score > self.best
        if better:
            self.best, self.best_epoch = self.best if score is None else score, self.epoch
        self.epoch, self.step, self.loss, self.targets, self.seconds = self.epoch + 1, 0, 0.0, 0.0, 0.0
        return better

    @property
    def scores(self) -> list[float | None]:
        """The validation NDCG@10 of every whole epoch."""
        return scores_of(self.history)


def mark(folder: str) -> None:
    """Let rank 0 know `folder` for that of the driver, who is to find the weights there.

    Raises:
        Infrastructure: the disk is full, or the folder cannot be written.
    """
    with writing(f"The checkpoint folder {folder}"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / _DRIVER).touch()


def refuse_unmarked(folder: str) -> None:
    """See to it that what a rank saves in `folder` will be found by the driver.

    Raises:
        Infrastructure: the driver has marked another folder of that name.
    """
    if not (Path(folder) / _DRIVER).exists():
        raise Infrastructure(
            f"The folder {folder} on host {socket.gethostname()} is not the one that the driver sees under that name, so the model would be lost when its "
            "training is over. Let `models` be a shared or mounted folder that every worker sees."
        )


def save(folder: str, fingerprint: str, progress: Progress, state: list[np.ndarray], best: Weights) -> None:
    """Write the checkpoint in `folder`, and keep the one before. Renames only, so that a kill leaves one of them whole.

    `state` is the whole training state, `best` the model's weights after its best epoch.

    Raises:
        Infrastructure: the disk is full, or the folder cannot be written.
    """
    last, partial = Path(folder) / _FILE, Path(folder) / f"{_FILE}.partial"
    arrays = {f"{_STATE}{number}": array for number, array in enumerate(state)}
    arrays |= {f"{_BEST}{path}": array for path, array in best.items()}
    about = json.dumps({"fingerprint": fingerprint, "progress": asdict(progress), "arrays": list(arrays)})
    with writing(f"The checkpoint {last}"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        write_arrays(partial, {"about": np.array(about)} | arrays)
        if last.exists():
            os.replace(last, Path(folder) / _BEFORE)
        os.replace(partial, last)


def load(folder: str, fingerprint: str) -> tuple[Progress, list[np.ndarray], Weights] | None:
    """Progress, state and best weights of the last whole checkpoint in `folder`; None where there is none of this training."""
    broken = False
    for path in (Path(folder) / _FILE, Path(folder) / _BEFORE):
        try:
            return _read(path, fingerprint)
        except FileNotFoundError:
            continue
        except (OSError, EOFError, ValueError, KeyError, TypeError, NotImplementedError, zipfile.BadZipFile) as error:
            broken = True
            log.warning("The checkpoint %s is broken and left aside: %s.", path, error)
    if broken:
        log.warning("No checkpoint in %s is whole; training begins anew.", folder)
    return None


def best_weights(folder: str, fingerprint: str, best_epoch: int) -> Weights:
    """The weights that a training which is over ended with.

    Raises:
        Infrastructure: its last checkpoint is not there any more, or broken.
    """
    found = load(folder, fingerprint)
    if found is None or found[0].best_epoch != best_epoch:
        raise Infrastructure(f"The last checkpoint in {folder} was lost or broken after the training; no model was saved. Train again.")
    return found[2]


def _read(path: Path, fingerprint: str) -> tuple[Progress, list[np.ndarray], Weights] | None:
    """What is in the file at `path`. Each array has a checksum of its own, which zipfile compares as it reads."""
    with np.load(path, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        if about["fingerprint"] != fingerprint:
            return None
        state = [arrays[name] for name in about["arrays"] if name.startswith(_STATE)]
        best = {name.removeprefix(_BEST): arrays[name] for name in about["arrays"] if name.startswith(_BEST)}
    return Progress(**about["progress"]), state, best
