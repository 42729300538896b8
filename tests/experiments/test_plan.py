from datetime import date
from pathlib import Path

import pytest

from recsys.experiments.plan import chosen, read_plan, settings_of
from recsys.faults import BadSettings
from recsys.models.definition import read_definition

SETS = sorted((Path(__file__).parents[2] / "conf" / "experiments").glob("*.yaml"))
PLAN = """
folder: OUT
experiments:
  - {name: first, title: "First, 6:4", settings: shop.yaml, ds: 2020-01-31, protocol: week, models: [m.yaml], seeds: [1, 2]}
  - {name: second, title: Second, settings: shop.yaml, ds: 2020-01-31, protocol: random, models: [m.yaml], data: log.csv}
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "shop.yaml").write_text("source: sources/shop.yaml\nsplit: {test_days: 28}\n")
    path = tmp_path / "set.yaml"
    path.write_text(PLAN.replace("OUT", str(tmp_path / "out")))
    return path


def test_every_experiment_has_a_folder_of_its_own_and_the_settings_that_its_protocol_asks_for(file, tmp_path):
    first, second = (settings_of(experiment, read_plan(file), tmp_path, str(tmp_path)) for experiment in read_plan(file).experiments)
    assert first.lake == str(tmp_path / "out" / "first" / "lake") and first.models == str(tmp_path / "out" / "first" / "models")
    assert (first.split.kind, first.split.test_days) == ("time", 7)
    assert (first.evaluation.models, first.evaluation.seeds) == (("m.yaml",), (1, 2))
    assert (second.split.kind, second.split.test_share) == ("random", 0.3)
    assert second.source_path == str(tmp_path / "log.csv") and first.source_path is None


def test_an_experiment_whose_log_is_not_at_hand_is_left_out_and_one_that_nobody_knows_is_refused(file, tmp_path):
    plan = read_plan(file)
    assert [experiment.name for experiment in chosen(plan, [], None)] == ["first"]
    (tmp_path / "log.csv").touch()
    assert [experiment.name for experiment in chosen(plan, [], str(tmp_path))] == ["first", "second"]
    with pytest.raises(BadSettings, match="no experiment third; the plan has first, second"):
        chosen(plan, ["third"], None)
    with pytest.raises(BadSettings, match="log.csv.*--data FOLDER"):
        chosen(plan, ["second"], None)


@pytest.mark.parametrize("seeds", ["[]", "[-1]"])
def test_seeds_that_nobody_can_train_with_are_refused(file, seeds):
    file.write_text(file.read_text().replace("[1, 2]", seeds))
    with pytest.raises(BadSettings, match="seeds"):
        read_plan(file)


def test_two_experiments_of_one_name_are_refused(file):
    file.write_text(file.read_text().replace("name: second", "name: first"))
    with pytest.raises(BadSettings, match="first is given twice"):
        read_plan(file)


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_every_shipped_set_names_settings_and_models_that_are_there(path):
    plan = read_plan(path)
    for experiment in plan.experiments:
        settings = settings_of(experiment, plan, path.parent, "data")
        assert settings.beside(settings.source).exists() and experiment.ds > date(2000, 1, 1)
        for model in experiment.models:
            read_definition(settings.beside(model))
