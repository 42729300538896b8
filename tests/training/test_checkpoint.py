import numpy as np
import pytest

from recsys.faults import Infrastructure
from recsys.training.checkpoint import Progress, best_weights, load, save


def write(folder, epochs):
    """A checkpoint whose arrays say after how many epochs it was written."""
    progress = Progress()
    for epoch in range(epochs):
        progress.note({"validation_ndcg": epoch})
    save(str(folder), "this", progress, [np.full(9, float(epochs))], {"model/bias": np.full(2, float(epochs))})


def test_a_checkpoint_comes_back_whole_and_only_to_the_training_that_wrote_it(tmp_path):
    progress = Progress()
    progress.note({"loss": 2.5, "validation_ndcg": 0.1})
    progress.add(0.75, 3)
    save(str(tmp_path), "this", progress, [np.arange(3.0), np.array(7)], {"model/bias": np.ones(2)})
    found, state, best = load(str(tmp_path), "this")
    assert found == Progress(epoch=1, step=1, loss=0.75, targets=3, best=0.1, best_epoch=0, history=[{"loss": 2.5, "validation_ndcg": 0.1}])
    np.testing.assert_array_equal(state[0], [0, 1, 2])
    assert state[1] == 7 and list(best) == ["model/bias"]
    assert load(str(tmp_path), "another") is None and load(str(tmp_path / "nowhere"), "this") is None


def test_the_best_epoch_is_the_first_of_those_with_the_best_score():
    progress = Progress()
    assert [progress.note({"validation_ndcg": score}) for score in (0.1, 0.3, 0.3, 0.2)] == [True, True, False, False]
    assert (progress.best, progress.best_epoch, progress.scores) == (0.3, 1, [0.1, 0.3, 0.3, 0.2])


def test_without_validation_users_the_last_epoch_is_the_best():
    progress = Progress()
    assert [(progress.note({"validation_ndcg": None}), progress.best_epoch) for _ in range(3)] == [(True, epoch) for epoch in range(3)]


def test_of_a_checkpoint_with_any_one_byte_changed_nothing_wrong_is_read(tmp_path, caplog):
    write(tmp_path, epochs=1)
    write(tmp_path, epochs=2)
    path = tmp_path / "checkpoint.npz"
    whole = path.read_bytes()
    used = []
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1:])
        progress, (state,), best = load(str(tmp_path), "this")
        assert (state == progress.epoch).all() and (best["model/bias"] == progress.epoch).all()
        used.append(progress.epoch)
    assert used.count(1) > len(used) / 2  # the others hit what zipfile does not need
    assert set(used) == {1, 2} and "checkpoint.npz is broken and left aside" in caplog.text


def test_a_checkpoint_cut_short_gives_way_to_the_one_before_and_without_it_training_begins_anew(tmp_path, caplog):
    write(tmp_path, epochs=1)
    write(tmp_path, epochs=2)
    last = tmp_path / "checkpoint.npz"
    last.write_bytes(last.read_bytes()[:200])
    assert load(str(tmp_path), "this")[0].epoch == 1
    with pytest.raises(Infrastructure, match="lost or broken after the training"):
        best_weights(str(tmp_path), "this", best_epoch=1)
    (tmp_path / "checkpoint.before.npz").write_bytes(b"")
    assert load(str(tmp_path), "this") is None
    assert "is whole; training begins anew" in caplog.text


def test_a_kill_between_the_renames_leaves_the_one_before(tmp_path):
    write(tmp_path, epochs=1)
    (tmp_path / "checkpoint.npz").rename(tmp_path / "checkpoint.before.npz")
    assert load(str(tmp_path), "this")[0].epoch == 1


def test_a_checkpoint_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(Infrastructure, match="cannot be written.*`models`"):
        save(str(tmp_path / "models"), "this", Progress(), [], {})
