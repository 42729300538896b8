"""The command, with a runner that carries nothing out: what it is asked for, what it ends with, and that the page is written whatever came of it."""

import runpy
import sys
from pathlib import Path

import pytest
import run_experiments

from recsys import session
from recsys.experiments import run
from recsys.faults import Infrastructure

FILE = Path(run_experiments.__file__)
PLAN = """
folder: OUT
experiments:
  - {name: first, title: First, settings: shop.yaml, ds: 2020-01-31, protocol: week, models: [m.yaml]}
  - {name: second, title: Second, settings: shop.yaml, ds: 2020-01-31, protocol: random, models: [m.yaml], data: log.csv}
"""


class Runner:
    """Says what it was made with and asked for, and does what it was told."""

    asked, result = [], []

    def __init__(self, spark, folder, stages, force):
        self.force = force
        assert Path(folder).name == "out" and set(stages) == {job.STAGE.name for job in run_experiments.JOBS}

    def run(self, experiment, settings):
        self.asked.append((experiment.name, settings.source_path, self.force))
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def judged(self, settings):
        return []


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Runs the job with arguments beside those that name the plan; gives its exit code and what it carried out."""
    (tmp_path / "shop.yaml").write_text("source: sources/shop.yaml\n")
    (tmp_path / "m.yaml").write_text("name: m\n")
    (tmp_path / "log.csv").touch()
    (tmp_path / "set.yaml").write_text(PLAN.replace("OUT", str(tmp_path / "out")))
    monkeypatch.setattr(run, "Runner", Runner)
    monkeypatch.setattr(session, "build_session", lambda name, settings: None)

    def command(*arguments, result=()):
        monkeypatch.setattr(Runner, "asked", [])
        monkeypatch.setattr(Runner, "result", result)
        monkeypatch.setattr(sys, "argv", [str(FILE), "--plan", str(tmp_path / "set.yaml"), *arguments])
        try:
            runpy.run_path(str(FILE), run_name="__main__")
        except SystemExit as end:
            return end.code, Runner.asked
        return 0, Runner.asked

    return command


def test_all_that_is_at_hand_is_carried_out_or_what_is_named_and_anew_where_asked_for(command, tmp_path):
    log = ("--data", str(tmp_path))
    assert command() == (0, [("first", None, False)])
    assert command(*log) == (0, [("first", None, False), ("second", f"{tmp_path}/log.csv", False)])
    assert command(*log, "--only", "second", "--force") == (0, [("second", f"{tmp_path}/log.csv", True)])
    assert (tmp_path / "out" / "report.html").exists()


def test_what_fails_in_one_experiment_stops_no_other_and_ends_the_job_with_4(command, tmp_path, capsys):
    assert command("--data", str(tmp_path), result=["m.yaml: no memory left"]) == (4, [("first", None, False), ("second", f"{tmp_path}/log.csv", False)])
    told = capsys.readouterr()
    assert "[2/2] second: Second" in told.out and "run_experiments: m.yaml: no memory left m.yaml: no memory left" in told.err
    assert (tmp_path / "out" / "report.html").exists()


def test_a_job_that_breaks_off_still_leaves_the_page(command, tmp_path):
    assert command(result=Infrastructure("Spark is gone.")) == (4, [("first", None, False)])
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize(("arguments", "told"), [
    (["--only", "third"], "no experiment third; the plan has first, second"), (["--only", "second"], "--data FOLDER"), (["--data", "tpyo"], "--data tpyo is no folder"),
    (["--onyl", "first"], "unrecognized arguments"),
])
def test_what_cannot_be_carried_out_is_told_before_anything_is_done(command, tmp_path, capsys, arguments, told):
    assert command(*arguments) == (2, [])
    assert told in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_a_wrong_model_of_any_experiment_is_told_before_anything_is_done(command, tmp_path, capsys):
    (tmp_path / "m.yaml").write_text("name: m\nwidht: 8\n")
    assert command() == (2, [])
    assert "widht" in capsys.readouterr().err and not (tmp_path / "out").exists()
