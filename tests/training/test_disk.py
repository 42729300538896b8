import errno
import io
import os
from pathlib import Path

import numpy as np
import pytest

from recsys.faults import Infrastructure
from recsys.training.artifact import save_artifact
from recsys.training.checkpoint import Progress, load, save

ARRAYS = {"model/bias": np.arange(70_000.0), "model/scale": np.array(7)}


class Mounted(io.FileIO):
    """A file of a mounted object store: it takes bytes at its end and nowhere else."""

    def write(self, data):
        if self.tell() != os.fstat(self.fileno()).st_size:
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")
        return super().write(data)


@pytest.fixture
def mount(monkeypatch):
    """Every file that is written in bytes lies on a mounted object store."""
    of_disk = Path.open
    monkeypatch.setattr(Path, "open", lambda path, mode="r", *more, **named: (
        io.BufferedWriter(Mounted(path, "w")) if mode == "wb" else of_disk(path, mode, *more, **named)
    ))


def test_a_checkpoint_and_a_model_are_written_from_front_to_back(tmp_path, mount):
    save(str(tmp_path), "this", Progress(epoch=3), [ARRAYS["model/bias"]], ARRAYS)
    progress, (state,), best = load(str(tmp_path), "this")
    np.testing.assert_equal((progress.epoch, state, best), (3, ARRAYS["model/bias"], ARRAYS))
    folder = save_artifact(str(tmp_path / "models"), "one", {}, ["", "a"], ARRAYS)
    np.testing.assert_equal(dict(np.load(f"{folder}/weights.npz")), ARRAYS)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3)])
def test_arrays_of_any_shape_come_back(tmp_path, shape):
    array = np.full(shape, 2, np.float32)
    save(str(tmp_path), "this", Progress(), [array], {})
    _, (state,), _ = load(str(tmp_path), "this")
    assert state.dtype == np.float32 and state.shape == shape and (state == array).all()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # zipfile tries to end its file even so
def test_a_full_disk_is_told_with_what_could_not_be_written(tmp_path, monkeypatch):
    (tmp_path / "checkpoint.npz.partial").symlink_to("/dev/full")
    with pytest.raises(Infrastructure, match="The checkpoint .*checkpoint.npz cannot be written: .*No space left.*`models` has space"):
        save(str(tmp_path), "this", Progress(), [ARRAYS["model/bias"]], {})
    of_disk = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *more, **named: of_disk(Path("/dev/full") if path.name == "weights.npz" else path, *more, **named))
    with pytest.raises(Infrastructure, match="The model .*one cannot be written: .*No space left"):
        save_artifact(str(tmp_path), "one", {}, [""], ARRAYS)
    assert not (tmp_path / "one").exists()
