"""Real Horovod runs, each in processes of its own."""

from dataclasses import replace
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest

from recsys.faults import Infrastructure
from recsys.training.checkpoint import load
from recsys.training.launcher import Plain, _run, copy_lines, train
from tests.training.conftest import write_circle


def test_two_ranks_read_every_row_once_and_end_with_equal_weights_that_know_the_circle(lake, circle_plan):
    write_circle(lake, users=41)  # 41 rows: no number of ranks or batch divides them
    plan = circle_plan(lake, epochs=12)
    first, second = _run(lake.spark, plan)
    assert first.weights_digest == second.weights_digest
    assert [sum(rows) for rows in zip(first.rows_read, second.rows_read)] == [41] * 12
    assert min(first.rows_read + second.rows_read) > 0
    assert first.history[0]["targets"] == 41 * 7
    assert max(entry["validation_ndcg"] for entry in first.history) == 1.0


def test_an_interrupted_training_goes_on_from_its_last_epoch_though_its_rows_were_written_again(lake, circle_plan):
    write_circle(lake, users=9)
    plan = circle_plan(lake, epochs=3, ranks=1)
    train(lake.spark, replace(plan, settings=replace(plan.settings, epochs=1)))
    progress, state, _ = load(plan.checkpoint, plan.fingerprint)
    write_circle(lake, users=9)
    again = circle_plan(lake, epochs=3, ranks=1)
    resumed = train(lake.spark, again)
    assert again.train_files[0].url != plan.train_files[0].url
    assert progress.epoch == 1 and all(np.isfinite(array).all() for array in state)
    assert len(resumed.rows_read) == 2 and len(resumed.history) == 3


def test_a_checkpoint_of_other_rows_is_not_gone_on_from(lake, circle_plan):
    write_circle(lake, users=9)
    before = circle_plan(lake).fingerprint
    write_circle(lake, users=9, shift=1)
    assert circle_plan(lake).fingerprint != before


def test_more_ranks_than_files_still_take_equal_steps(lake, circle_plan):
    write_circle(lake, users=5, files=1)
    plan = circle_plan(lake, epochs=1)
    first, second = _run(lake.spark, plan)
    assert sorted(first.rows_read + second.rows_read) == [0, 5]
    assert first.weights_digest == second.weights_digest


def test_more_ranks_than_task_slots_are_refused_before_anything_starts(lake, circle_plan):
    write_circle(lake, users=5)
    with pytest.raises(Infrastructure, match="training.ranks = 64"):
        train(lake.spark, circle_plan(lake, ranks=64))


def test_a_line_of_a_rank_is_passed_on_as_soon_as_it_is_whole():
    target, heard = StringIO(), []
    chunks = iter([b"Epoch 1/2\n 1/9", b"0 \xc3", b"\xa9\r", b"end", b""])

    def read1():
        heard.append(target.getvalue())
        return next(chunks)

    copy_lines(SimpleNamespace(stream=SimpleNamespace(read1=read1)), target)
    assert heard == ["", "Epoch 1/2\n", "Epoch 1/2\n", "Epoch 1/2\n 1/90 é\r", "Epoch 1/2\n 1/90 é\r"]
    assert target.getvalue() == "Epoch 1/2\n 1/90 é\rend"


def test_in_a_file_every_state_of_the_progress_bar_is_a_plain_line():
    file = StringIO()
    for said in ("[0]<stdout>:Epoch 1/2\n", "[0]<stdout>:\r", "[0]<stdout>:\x1b[1m1/9\x1b[0m loss: 8.9\x08\x08\r", "[0]<stdout>:9/9 loss: 7.1\n"):
        Plain(file).write(said)
    assert file.getvalue() == "Epoch 1/2\n1/9 loss: 8.9\n9/9 loss: 7.1\n"
