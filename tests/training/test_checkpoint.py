import numpy as np

from recsys.training.checkpoint import Progress, load, save


def test_a_checkpoint_comes_back_whole_and_only_to_the_training_that_wrote_it(tmp_path):
    progress = Progress()
    progress.note({"loss": 2.5}, score=0.1)
    save(str(tmp_path), "this", progress, [np.arange(3.0), np.array(7)], {"model/bias": np.ones(2)})
    found, state, best = load(str(tmp_path), "this")
    assert found == Progress(epoch=1, best=0.1, best_epoch=0, history=[{"loss": 2.5}])
    np.testing.assert_array_equal(state[0], [0, 1, 2])
    assert state[1] == 7 and list(best) == ["model/bias"]
    assert load(str(tmp_path), "another") is None and load(str(tmp_path / "nowhere"), "this") is None


def test_training_stalls_after_as_many_worse_epochs_as_its_patience():
    progress = Progress()
    stalled = [(progress.note({}, score), progress.stalled(2)) for score in (0.1, 0.3, 0.3, 0.2)]
    assert stalled == [(True, False), (True, False), (False, False), (False, True)]
    assert (progress.best, progress.best_epoch) == (0.3, 1)
