"""Real Horovod runs, each in processes of its own."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import psutil
import pytest

from recsys.faults import BadData, Infrastructure
from recsys.sequences.feed import WindowFeed
from recsys.training import ranks, worker
from recsys.training.launcher import outcomes_of, train
from recsys.training.watch import Watch
from recsys.training.worker import train_rank
from tests.training.conftest import write_circle

_HARM = {  # by start, rank, epoch and step, all from 0
    "a kill and a stop": {(0, 1, 2, 3): signal.SIGKILL, (1, 0, 4, 1): signal.SIGSTOP},
    "a kill": {(0, 0, 1, 1): signal.SIGKILL},
}


def harmed(what):
    """`train_rank`, of which one does this to itself in the midst of an epoch."""
    def train_harmed(plan, signs):
        rank = int(os.environ["HOROVOD_RANK"])
        starts = Path(f"{plan.checkpoint}.starts", str(rank))
        starts.parent.mkdir(parents=True, exist_ok=True)
        start = len(starts.read_text()) if starts.exists() else 0
        starts.write_text("." * (start + 1))

        class Feed(WindowFeed):
            def epoch(self, number, skip=0, *more):
                for step, batch in enumerate(super().epoch(number, skip, *more), start=skip):
                    if (start, rank, number, step) in _HARM[what]:
                        os.kill(os.getpid(), _HARM[what][start, rank, number, step])
                    yield batch

        worker.WindowFeed = Feed
        return train_rank(plan, signs)

    return train_harmed


def ranks_left():
    mine = {process.pid for process in psutil.Process().children(recursive=True)}
    running = psutil.process_iter(["cmdline"])  # leaves out what ends meanwhile, and a dead process has no command line
    return [process for process in running if process.pid in mine and any("gloo_exec_fn" in part for part in process.info["cmdline"] or ())]


def told(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "recsys.training.launcher"]


def learnt(outcome):
    return [{name: figure for name, figure in entry.items() if "seconds" not in name} for entry in outcome.history]


def test_two_ranks_of_which_one_is_killed_and_one_stopped_end_as_they_would_have_undisturbed(lake, circle_plan, caplog):
    write_circle(lake, users=41)  # 41 rows: no number of ranks or batch divides them
    plan = circle_plan(lake, dropout=0.1, epochs=12, learning_rate=0.02, checkpoint_minutes=1e-9, stall_seconds=20)
    first, second = outcomes_of(lake.spark, plan)
    assert first.weights_digest == second.weights_digest
    assert [sum(rows) for rows in zip(first.rows_read, second.rows_read)] == [41] * 12
    assert min(first.rows_read + second.rows_read) > 0
    assert first.history[0]["targets"] == 41 * 7
    assert max(entry["validation_ndcg"] for entry in first.history) == 1.0
    assert told(caplog) == []

    disturbed = outcomes_of(lake.spark, replace(plan, checkpoint=f"{plan.checkpoint}.disturbed"), harmed("a kill and a stop"))
    assert [outcome.weights_digest for outcome in disturbed] == [first.weights_digest] * 2
    assert learnt(disturbed[0]) == learnt(first)
    assert [sum(rows) for rows in zip(*(outcome.rows_read for outcome in disturbed))] == [41] * 8  # from epoch 4 on
    killed, stopped = told(caplog)
    assert "rank 1 (process " in killed and "ended without a word" in killed
    # where it was stopped while all waited for each other, nobody can tell who was
    assert "rank 0 (process " in stopped and ("gave no sign of life for 2" in stopped or "not moved for 2" in stopped)
    assert ranks_left() == [] and list(lake.spark.sparkContext.statusTracker().getActiveJobsIds()) == []


def test_a_training_without_retries_names_its_rank_and_goes_on_when_run_again_though_its_rows_were_written_again(lake, circle_plan):
    write_circle(lake, users=9)
    plan = circle_plan(lake, epochs=3, ranks=1, retries=0)
    with pytest.raises(Infrastructure, match="training.retries = 0 are used up: rank 0 .process .* on host .* ended without a word"):
        outcomes_of(lake.spark, plan, harmed("a kill"))
    write_circle(lake, users=9)
    again = circle_plan(lake, epochs=3, ranks=1)
    resumed = train(lake.spark, again)
    assert again.train_files[0].url != plan.train_files[0].url
    assert resumed.rows_read == (9, 9) and len(resumed.history) == 3
    assert resumed.history[0]["targets"] == 9 * 7


def test_ranks_are_run_by_the_python_of_sparks_workers_and_find_the_modules_that_were_sent_to_these(lake, circle_plan, tmp_path, monkeypatch):
    context = lake.spark.sparkContext
    started, python = tmp_path / "started", tmp_path / "python-of-the-workers"
    python.write_text(f'#!/bin/sh\necho "$@" >> {started}\nexec {context.pythonExec} "$@"\n')
    python.chmod(0o755)
    with ZipFile(tmp_path / "sent.zip", "w") as sent:
        sent.writestr("sent_alone.py", "WORD = 'found'")
    monkeypatch.setattr(sys, "path", [*sys.path])
    context.addPyFile(str(tmp_path / "sent.zip"))
    monkeypatch.setattr(context, "pythonExec", str(python))
    monkeypatch.setenv("PYTHONPATH", "/only/on/the/driver")

    def train_there(plan, signs):
        from sent_alone import WORD

        return WORD

    write_circle(lake, users=4)
    assert outcomes_of(lake.spark, circle_plan(lake), train_there) == ["found", "found"]
    assert started.read_text().count("gloo_exec_fn") == 2


def test_what_a_rank_finds_wrong_with_the_data_is_told_as_that_and_not_tried_again(lake, circle_plan, caplog):
    write_circle(lake, users=9)
    plan = circle_plan(lake, epochs=1)
    files = [replace(file, url=file.url.replace("part-", "gone-")) if place == 0 else file for place, file in enumerate(plan.train_files)]
    with pytest.raises(BadData, match="pinned version of sequences cannot be opened.*gone-"):
        train(lake.spark, replace(plan, train_files=tuple(files)))
    assert told(caplog) == [] and ranks_left() == []


def test_a_rank_whose_folder_is_not_the_drivers_ends_before_it_trains(lake, circle_plan):
    write_circle(lake, users=4)

    def on_another_disk(plan, signs):
        return train_rank(replace(plan, checkpoint=f"{plan.checkpoint}.of_the_worker"), signs)

    with pytest.raises(Infrastructure, match="of_the_worker on host .* is not the one that the driver sees .* Let `models` be a shared or mounted folder"):
        outcomes_of(lake.spark, circle_plan(lake, ranks=1), on_another_disk)


def test_a_checkpoint_of_other_rows_is_not_gone_on_from(lake, circle_plan):
    write_circle(lake, users=9)
    before = circle_plan(lake).fingerprint
    write_circle(lake, users=9, shift=1)
    assert circle_plan(lake).fingerprint != before


def test_more_ranks_than_files_one_product_and_nobody_to_validate_with_still_make_a_model(lake, circle_plan):
    write_circle(lake, users=5, files=1, judged=0, products=1)
    plan = circle_plan(lake, products=1, epochs=3, patience=1)
    first, second = outcomes_of(lake.spark, plan)
    assert sorted([first.rows_read, second.rows_read]) == [(0,) * 3, (5,) * 3]
    assert first.weights_digest == second.weights_digest
    assert [entry["validation_ndcg"] for entry in first.history] == [None] * 3 and first.best_epoch == 2


def test_ranks_that_were_ended_without_an_outcome_make_a_failed_start_and_no_result(circle_plan, lake, monkeypatch):
    write_circle(lake, users=4)
    plan = circle_plan(lake)
    monkeypatch.setattr(ranks, "_launched", lambda *_: [None, None])
    with pytest.raises(ranks.RanksFailed, match="without a word|before it had an outcome"):
        ranks.run_ranks(train_rank, plan, Watch(plan.settings))


def test_more_ranks_than_task_slots_are_refused_before_anything_starts(lake, circle_plan):
    write_circle(lake, users=5)
    with pytest.raises(Infrastructure, match="training.ranks = 64"):
        train(lake.spark, circle_plan(lake, ranks=64))
