"""Every notebook, run from top to bottom against a tiny lake; what it prints is what somebody would see."""

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from recsys import columns as c
from recsys.faults import BadSettings
from recsys.notebook import parameters
from tests.pushes import shop
from tests.report import told

FOLDER = Path(__file__).parents[2] / "notebooks"


class Widgets:
    """What Databricks calls dbutils.widgets."""

    def __init__(self, values):
        self.values, self.made = values, {}

    def text(self, name, default):
        self.made[name] = default

    def get(self, name):
        return self.values.get(name, self.made[name])


@pytest.fixture(scope="module")
def evening(spark, told_folder, tmp_path_factory):
    """A settings file whose lake holds a whole night."""
    told.whole_night(spark, told_folder)
    settings = {"source": "shop.yaml", "lake": str(told_folder / "lake"), "models": str(told_folder / "models"), "pushes": {"n": 2}}
    path = tmp_path_factory.mktemp("evening") / "shop_settings.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def run(name, monkeypatch, config, *arguments, **names):
    monkeypatch.setattr(sys, "argv", [name, f"config={config}", f"ds={shop.DS}", *arguments])
    return runpy.run_path(str(FOLDER / name), init_globals=names)


def test_the_notebook_of_events_shows_reasons_behaviours_and_what_tells_segments_apart(evening, monkeypatch, capsys):
    run("look_at_events_and_segments.py", monkeypatch, evening)

    shown = capsys.readouterr().out
    assert "missing_user" in shown and c.PURCHASE in shown and "n_purchase" in shown


def test_the_notebook_of_training_compares_and_trains_only_when_told(evening, monkeypatch, capsys):
    ran = []
    for job in ("train_model", "evaluate_models"):
        monkeypatch.setitem(sys.modules, job, SimpleNamespace(run=lambda night, job=job: ran.append((job, night.settings.training.epochs))))

    run("train_and_compare.py", monkeypatch, evening)
    assert ran == []
    assert "markov" in capsys.readouterr().out

    run("train_and_compare.py", monkeypatch, evening, "train=yes", "overrides=training.epochs=3")
    assert ran == [("train_model", 3), ("evaluate_models", 3)]


def test_the_notebook_of_pushes_takes_its_parameters_from_widgets_on_databricks(evening, monkeypatch, capsys):
    widgets = Widgets({"config": str(evening), "ds": str(shop.DS), "user": "ann"})

    run("look_at_pushes.py", monkeypatch, "not read", dbutils=SimpleNamespace(widgets=widgets))

    shown = capsys.readouterr().out
    assert "Milk" in shown and " ann|" in shown and " bob|" not in shown
    assert widgets.made["seed"] == "17"


def test_every_notebook_is_in_databricks_source_format():
    for path in sorted(FOLDER.glob("*.py")):
        lines = path.read_text().splitlines()
        assert lines[0] == "# Databricks notebook source", path
        assert "# COMMAND ----------" in lines and lines[1].startswith("# MAGIC %md"), path


def test_parameters_come_from_the_command_line_then_the_environment_then_the_default(monkeypatch):
    monkeypatch.setenv("RECSYS_DS", "2024-01-01")
    monkeypatch.setenv("RECSYS_SEED", "4")

    assert parameters(argv=["seed=5", "-f"], seed="17") == {
        "config": "conf/complete_journey.yaml", "ds": "2024-01-01", "model_ds": "", "overrides": "", "seed": "5",
    }
    with pytest.raises(BadSettings, match="no parameter sed"):
        parameters(argv=["sed=5"], seed="17")
