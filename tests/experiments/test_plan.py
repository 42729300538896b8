from dataclasses import replace
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


def test_experiments_on_equal_simulated_shops_share_one_in_the_folder_of_the_set(file, tmp_path):
    plan = read_plan(file)
    first = replace(plan.experiments[0], simulated=True)
    other = [replace(first, **change) for change in ({"name": "cut_otherwise", "protocol": "random"}, {"overrides": ("simulation.seed=18",)}, {"ds": date(2020, 2, 29)})]
    shops = [settings_of(experiment, plan, tmp_path, None) for experiment in (first, *other)]
    paths = [shop.simulation.path for shop in shops]
    assert paths[0] == paths[1] and len(set(paths)) == 3
    assert all(Path(path).parent == tmp_path / "out" / "sources" for path in paths)
    assert [(shop.source_path, shop.products_path) for shop in shops] == [(f"{path}/log", f"{path}/products") for path in paths]


@pytest.mark.parametrize(("override", "name", "told"), [
    ("lake=elsewhere", "first", "lake of experiment first would change nothing"), ("evaluation.seeds=[3]", "first", "list them in `seeds`"),
    ("evaluation={users: 9, models: [n.yaml]}", "first", "evaluation.models"), ("training.model=n.yaml", "first", "list it in `models`"),
    ("source_path=other.csv", "second", "`data` below --data"), ("simulation.path=shop", "third", "in the folder of the set"),
    ("split.test_days=3", "third", "follow from the log"),
])
def test_an_override_that_would_change_nothing_is_refused_and_others_are_not(file, override, name, told):
    third = '  - {name: third, title: T, settings: shop.yaml, ds: 2020-01-31, protocol: six_to_four, models: [m.yaml], simulated: true}\n'
    file.write_text((file.read_text() + third).replace(f"{{name: {name},", f"{{name: {name}, overrides: ['{override}'],"))
    with pytest.raises(BadSettings, match=told):
        read_plan(file)
    file.write_text(file.read_text().replace(override, "evaluation.users=9"))
    assert read_plan(file)


def test_a_log_of_its_own_may_be_named_where_the_experiment_names_none(file, tmp_path):
    file.write_text(file.read_text().replace("{name: first,", "{name: first, overrides: [source_path=other.csv, split.test_days=3],"))
    settings = settings_of(read_plan(file).experiments[0], read_plan(file), tmp_path, None)
    assert (settings.source_path, settings.split.test_days) == ("other.csv", 3)


def test_an_experiment_whose_log_is_not_at_hand_is_left_out_and_told_and_one_that_nobody_knows_is_refused(file, tmp_path, caplog):
    plan = read_plan(file)
    assert [experiment.name for experiment in chosen(plan, [], None)] == ["first"]
    assert [experiment.name for experiment in chosen(plan, [], str(tmp_path))] == ["first"]
    assert caplog.messages == [
        "second is left out: its log log.csv lies below --data, which is not given", f"second is left out: its log log.csv is not in {tmp_path}",
    ]
    (tmp_path / "log.csv").touch()
    assert [experiment.name for experiment in chosen(plan, [], str(tmp_path))] == ["first", "second"]
    with pytest.raises(BadSettings, match="no experiment third; the plan has first, second"):
        chosen(plan, ["third"], None)
    with pytest.raises(BadSettings, match="log.csv.*--data FOLDER"):
        chosen(plan, ["second"], None)


def test_a_folder_of_logs_that_is_not_there_is_refused(file, tmp_path):
    with pytest.raises(BadSettings, match="--data .*/tpyo is no folder"):
        chosen(read_plan(file), [], str(tmp_path / "tpyo"))


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
