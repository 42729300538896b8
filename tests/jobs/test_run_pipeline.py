import ast
import importlib
import re
import runpy
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import run_pipeline

from recsys.evaluation.compare import MethodsFailed
from recsys.job import Night, parse_arguments
from recsys.lake import Lake
from recsys.runs.attempts import Attempts
from recsys.settings import Settings
from tests.runs.shop import InMemory

ROOT = Path(__file__).parents[2]
APART = ("run_experiments", "erase_users", "benchmark_model")  # they work for many nights, on a list of users, on a plain file
JOBS = sorted(path for path in (ROOT / "jobs").glob("*.py") if path.stem not in APART)
ORDER = [
    "ingest_events", "ingest_products", "build_user_features", "correlate_attributes", "fit_normalizer", "segment_users",
    "build_sequences", "train_model", "push_products", "evaluate_models", "write_report",
]


@pytest.fixture
def done(monkeypatch):
    """The names of the stages, in the order they are run; none of them reads, writes or does anything."""
    names = []
    stages = [replace(stage, run=lambda night, name=stage.name: names.append(name), reads=(), writes=()) for stage in run_pipeline.STAGES]
    monkeypatch.setattr(run_pipeline, "STAGES", tuple(stages))
    monkeypatch.setattr(run_pipeline, "summary", lambda night: "the summary")
    return names


def failing(monkeypatch, name, fault):
    """Let the stage `name` fail."""
    def fail(night):
        raise fault

    monkeypatch.setattr(run_pipeline, "STAGES", tuple(replace(stage, run=fail) if stage.name == name else stage for stage in run_pipeline.STAGES))


def night(model_ds: date) -> Attempts:
    night = Night(Lake(None, "lake"), Settings(source="shop.yaml"), date(2020, 1, 31), model_ds)
    return Attempts(night, InMemory(night.lake))


def test_a_night_that_trains_runs_every_stage_in_order_and_tells_the_seconds_of_each(done, capsys):
    run_pipeline.run(night(date(2020, 1, 31)))
    told = capsys.readouterr().out
    assert done == ORDER
    assert [line for line in told.splitlines() if re.fullmatch(r"\[4/11\] correlate_attributes: \d+\.\d s", line)]
    assert told.index("[11/11] write_report:") < told.index("the summary")


def test_a_night_that_only_pushes_leaves_out_what_is_fitted_and_says_whose_serves(done, capsys):
    run_pipeline.run(night(date(2020, 1, 5)))
    assert done == [
        "ingest_events", "ingest_products", "build_user_features", "segment_users", "build_sequences", "push_products", "write_report",
    ]
    assert "[8/11] train_model: left out, that of 2020-01-05 serves" in capsys.readouterr().out


def test_a_stage_that_fails_ends_the_night(done, monkeypatch):
    failing(monkeypatch, ORDER[2], RuntimeError())
    with pytest.raises(RuntimeError):
        run_pipeline.run(night(date(2020, 1, 31)))
    assert done == ORDER[:2]


def test_a_method_that_fails_costs_the_night_neither_pushes_nor_report_but_its_good_end(done, monkeypatch, capsys):
    failing(monkeypatch, "evaluate_models", MethodsFailed("1 of the methods could not be judged"))
    attempts = night(date(2020, 1, 31))
    with pytest.raises(MethodsFailed):
        run_pipeline.run(attempts)
    assert {attempt.stage: attempt.exit_code for attempt in attempts.ledger.kept if attempt.exit_code} == {"evaluate_models": 4}
    assert done == [name for name in ORDER if name != "evaluate_models"]
    assert "the summary" in capsys.readouterr().out


def test_every_job_is_a_stage_of_the_pipeline_or_a_source_of_it():
    assert sorted([*ORDER, "run_pipeline", "simulate_events"]) == [path.stem for path in JOBS]


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_a_job_says_what_it_reads_and_writes_and_how_it_is_launched_and_only_wires(path):
    text = path.read_text()
    doc = ast.get_docstring(ast.parse(text))
    assert re.search(r"^Reads   ", doc, re.MULTILINE) and re.search(r"^Writes  ", doc, re.MULTILINE)
    launch = re.search(r"spark-submit --py-files dist/recsys.zip (jobs/\S+\.py) (.*)$", doc, re.MULTILINE)
    assert launch[1] == f"jobs/{path.name}" and parse_arguments(doc, launch[2].split()).ds == date(2017, 12, 30)
    assert len(text.splitlines()) <= 60
    assert callable(importlib.import_module(path.stem).run)


def test_a_job_starts_from_any_folder_with_nothing_but_the_package(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "jobs" / "ingest_events.py"), "--help"], cwd=tmp_path, capture_output=True, text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert done.returncode == 0
    assert done.stdout.startswith("usage: ingest_events.py") and "Take the files of a source" in done.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "jobs").glob("*.py")), ids=lambda path: path.stem)
def test_every_job_explains_itself_and_those_of_a_night_take_the_same_arguments(path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(path), "--help"])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(path), run_name="__main__")
    told = capsys.readouterr().out
    assert end.value.code == 0 and told.startswith(f"usage: {path.name} ")
    assert ast.get_docstring(ast.parse(path.read_text())).splitlines()[0] in told
    assert path not in JOBS or all(f"[{name}" in told for name in ("--model-ds", "--force", "--dry-run"))
