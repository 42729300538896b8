import json
from dataclasses import asdict, replace

import pytest

from recsys.settings import TrainingSettings
from recsys.training.signs import DONE, FAILED, READING, STARTING, TOGETHER, Sign
from recsys.training.watch import Cause, Watch

SETTINGS = TrainingSettings(ranks=2, stall_seconds=300, timeout_seconds=120)


class Ranks:
    """Two ranks, the watch over them, and its clock."""

    def __init__(self):
        self.now = 0.0
        self.signs = [Sign(rank, f"w{rank}", 70 + rank, TOGETHER, epoch=2, step=9, warm=True) for rank in (0, 1)]
        self.watch = Watch(SETTINGS, lambda: self.now)

    def say(self, at, rank, moves=0, **changes):
        self.now = at
        self.signs[rank] = replace(self.signs[rank], moves=self.signs[rank].moves + moves, **changes)
        self.watch.hear(json.dumps(asdict(self.signs[rank])))


@pytest.fixture
def ranks():
    found = Ranks()
    found.say(0, 0)
    found.say(0, 1)
    return found


def test_a_rank_that_goes_silent_is_named_and_not_the_one_that_waits_for_it(ranks):
    for at in range(5, 300, 5):
        ranks.say(at, 0)
        assert ranks.watch.stalled() is None
    ranks.say(301, 0)
    assert ranks.watch.stalled().why == "rank 1 (process 71 on host w1) gave no sign of life for 301 s: it is stopped, or its host is gone"


def test_of_ranks_that_stand_still_the_one_that_is_not_in_the_common_step_is_named(ranks):
    ranks.say(10, 0, moves=1, doing=READING)
    ranks.say(400, 0)
    ranks.say(400, 1)
    assert ranks.watch.stalled().why == "rank 0 (process 70 on host w0) has not moved for 400 s: reading rows, epoch 2, step 9"


def test_ranks_that_move_however_slowly_are_left_alone(ranks):
    for at in range(0, 3000, 250):
        ranks.say(at, 0, moves=1)
        ranks.say(at, 1, moves=1)
        assert ranks.watch.stalled() is None


def test_ranks_in_one_step_wait_for_each_other_and_a_rank_that_is_done_for_nobody(ranks):
    ranks.say(301, 1)
    ranks.say(301, 0)
    assert "rank 0 (process 70 on host w0), rank 1 (process 71 on host w1) have not moved for 301 s, waiting for the others" in ranks.watch.stalled().why
    ranks.say(301, 0, state=DONE)
    assert ranks.watch.stalled().why.startswith("rank 1")
    ranks.say(302, 1, state=DONE)
    assert ranks.watch.stalled() is None
    ranks.now = 730
    assert "all ranks are done" in ranks.watch.stalled().why


def test_a_rank_that_waits_for_one_that_failed_does_not_stall(ranks):
    ranks.say(299, 1)
    ranks.say(299, 0, state=FAILED, said="UnknownError: Horovod has been shut down")
    ranks.now = 302
    assert ranks.watch.stalled() is None
    assert ranks.watch.cause(over=True).why.startswith("rank 1 (process 71 on host w1) ended without a word")


def test_until_a_first_epoch_is_done_there_is_the_time_to_start_besides():
    ranks = Ranks()
    ranks.say(1, 0, doing=STARTING, warm=False)
    for ranks.now in range(5, 420, 5):
        ranks.say(ranks.now, 0)
        assert ranks.watch.stalled() is None
    ranks.say(421, 0)
    assert ranks.watch.stalled().why.startswith("rank 1 (which never started) gave no sign of life for 421 s")


def test_a_rank_killed_is_the_cause_though_the_others_speak_first(ranks):
    ranks.say(5, 0, state=FAILED, said="UnknownError: Horovod has been shut down", trace="Traceback ...")
    ranks.now = 25
    assert ranks.watch.failed_for() == 20
    expected = "rank 1 (process 71 on host w1) ended without a word, as a process does that is killed; it was last seen in a step with the others, epoch 2, step 9"
    assert ranks.watch.cause(over=True) == ranks.watch.cause(over=False) == Cause("", expected)


def test_of_ranks_that_fail_the_first_is_the_cause_unless_one_found_a_fault(ranks):
    ranks.say(5, 1, state=FAILED, said="OSError: [Errno 28] No space left on device", trace="Traceback ...")
    ranks.say(6, 0, state=FAILED, said="UnknownError: Horovod has been shut down")
    cause = ranks.watch.cause(over=True)
    assert cause.why.startswith("rank 1 (process 71 on host w1) failed (in a step") and cause.why.endswith("No space left on device")
    assert cause.trace == "Traceback ..." and cause.fault == ""
    ranks.say(7, 0, fault="BadData", said="A file is gone.")
    assert ranks.watch.cause(over=True) == Cause("BadData", "A file is gone.")
    ranks.say(8, 0, fault="Infrastructure", said="The disk is full.")
    assert ranks.watch.cause(over=True).why.endswith("The disk is full.") and ranks.watch.cause(over=True).fault == ""
