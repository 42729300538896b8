"""What the jobs declare is what their docstrings say, and their tests hand them no more."""

import ast
import importlib
import inspect
import re
import shutil
from pathlib import Path
from unittest.mock import MagicMock

import pytest
import run_pipeline
import simulate_events

from recsys import tables as t
from recsys.lake import Lake
from recsys.runs import code, things
from recsys.runs.code import code_hash
from recsys.runs.stage import Stage
from recsys.settings import Settings, SplitSettings
from tests.jobs.declared import Fenced, fenced

ROOT = Path(__file__).parents[2]
STAGES = (*run_pipeline.STAGES, simulate_events.STAGE)
NAMES = sorted({part.name for part in (*vars(t).values(), *vars(things).values()) if isinstance(part, (t.Table, things.Thing))}, key=len, reverse=True)


def named(text: str) -> set[str]:
    """The tables and things that `text` names; what stands in ` ` is a name of something else."""
    text = " ".join(re.sub("`.*?`", "", text).split())
    return set(re.findall(rf"\b(?:{'|'.join(NAMES)})\b", text))


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_the_docstring_names_what_the_stage_declares_and_nothing_else(stage):
    doc = ast.get_docstring(ast.parse((ROOT / "jobs" / f"{stage.name}.py").read_text()))
    reads, writes = re.search(r"^Reads   (.*?)^Writes  (.*?)\n\n", doc, re.MULTILINE | re.DOTALL).groups()
    assert named(reads) == {part.name for part in stage.reads}
    assert named(writes) == {part.name for part in stage.writes}


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_stage_writes_the_tables_that_are_said_to_be_its_own_under_its_own_name(stage):
    assert importlib.import_module(stage.name).STAGE is stage
    assert {part.name for part in stage.writes} == {part.name for part in vars(t).values() if isinstance(part, t.Table) and part.made_by == stage.name} | {
        thing.name for thing in stage.writes if isinstance(thing, things.Thing) and thing.made_by == stage.name
    }


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_declared_setting_is_one(stage):
    assert stage.settings_of(Settings(source="shop.yaml")).startswith("{")


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_stage_is_tested_with_nothing_but_what_it_declares(stage):
    """The tests of the jobs, and those of the simulated shop, run each stage through `declared`."""
    texts = [path.read_text() for folder in ("jobs", "simulation") for path in (ROOT / "tests" / folder).glob("*.py")]
    assert any(stage.name in text and "declared(" in text for text in texts if "def declared" not in text)


def test_the_fence_lets_a_stage_read_only_what_it_declares():
    stage = Stage("do_thing", lambda night: None, (), (), ("split", "pushes.behaviour"))
    settings = fenced(stage, Settings(source="shop.yaml", models="models"))
    assert (settings.split, settings.pushes.behaviour) == (SplitSettings(), "purchase")
    for look in (lambda: settings.pushes.n, lambda: settings.training.ranks, lambda: f"{settings.models}", lambda: settings.beside(settings.source)):
        with pytest.raises(AssertionError, match="which it does not declare"):
            look()


WAYS = [name for name, way in vars(Lake).items() if inspect.isfunction(way) and not name.startswith("_") and "table" in inspect.signature(way).parameters]


@pytest.mark.parametrize("name", sorted({*WAYS} - {"frame", "exists", "version"}))  # which look at no row of the table
def test_the_fence_lets_a_stage_reach_only_tables_that_it_declares(name):
    lake = Fenced(MagicMock(), "/lake", allowed=frozenset({t.EVENTS.name}))
    rows = MagicMock(dtypes=list(t.PUSHES.columns.items()), columns=list(t.PUSHES.columns))
    known = {"table": t.PUSHES, "rows": rows}
    given = {argument: known.get(argument, MagicMock()) for argument in inspect.signature(getattr(lake, name)).parameters}
    with pytest.raises(AssertionError, match="the table pushes, which it does not declare"):
        getattr(lake, name)(**given)


def test_every_stage_has_code_of_its_own():
    assert len({code_hash(stage.run) for stage in STAGES}) == len(STAGES)


def test_one_changed_byte_of_the_package_is_other_code(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "recsys", tmp_path / "recsys", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "files", lambda package: tmp_path / package)
    assert code.package_hash.__wrapped__() == code.package_hash()

    changed = tmp_path / "recsys" / "sequences" / "shares.py"
    changed.write_bytes(changed.read_bytes().replace(b"a", b"b", 1))
    assert code.package_hash.__wrapped__() != code.package_hash()


def test_code_that_cannot_be_read_counts_as_changed():
    unknown = eval("lambda night: None", {"__name__": "nowhere"})
    assert code_hash(unknown) != code_hash(unknown)
