"""The runner on a lake of four events; the stages only say that they were called, and what was done is remembered in a list."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from recsys import columns as c
from recsys import tables as t
from recsys.evaluation.compare import MethodsFailed
from recsys.experiments import run
from recsys.experiments.plan import Experiment
from recsys.experiments.run import Runner
from recsys.faults import Infrastructure
from recsys.runs.parts import State, Thing
from recsys.runs.stage import Stage
from recsys.settings import Settings
from tests.runs.shop import InMemory

DS = date(2020, 1, 10)
SHOP = Experiment(
    name="shop_six_to_four", title="Shop", settings="shop.yaml", ds=DS, protocol="six_to_four", models=("a.yaml", "b.yaml"), seeds=(1, 2)
)


def frame(spark, table, *rows):
    schema = ", ".join(f"{name} {kind}" for name, kind in table.columns.items())
    return spark.createDataFrame([tuple(row.get(name) for name in table.columns) for row in rows], schema)


def ingest(night):
    days = [DS - timedelta(days=back) for back in (9, 8, 7, 1, 0)]
    events = [{c.EVENT_ID: str(day), c.USER: "u", c.ITEM: "i", c.BEHAVIOUR: c.PURCHASE, c.TIME: datetime(2020, 1, day.day), c.DAY: day} for day in days]
    night.lake.replace_where(frame(night.lake.spark, t.EVENTS, *events), t.EVENTS, "true", of="all")


def products(night):
    night.lake.replace_day(frame(night.lake.spark, t.PRODUCTS, {c.ITEM: "i", c.NAME: "I", c.PRICE: 1.0, c.AVAILABLE: True, c.DAY: DS}), t.PRODUCTS, DS)


@pytest.fixture
def world(spark, tmp_path, monkeypatch):
    """Where experiments run, what their stages were called with, and the settings of the only one."""
    called, kept = [], {}

    def ledger_of(night):
        done = kept.setdefault(night.lake.root, [])
        return InMemory(night.lake, list(done), kept=done)

    monkeypatch.setattr(run.Ledger, "of", ledger_of)

    def stage(name, does=lambda night: None):
        def does_it(night):
            called.append((name, night.settings.training.model, night.settings.training.seed) if name == "train_model" else name)
            does(night)
        return Stage(name, does_it, (), (Thing(f"left by {name}", lambda night: State("there")),), settings=("training",))

    def evaluate(night):
        assert night.lake.read(t.EVENTS).count() == 5 and night.settings.split.test_days == 2
        row = {c.METHOD: "a", c.SPLIT: "test", c.METRIC: "f1", c.LIST_LENGTH: 5, c.VALUE: 0.1, c.USERS: 1, c.DAY: DS}
        night.lake.replace_day(frame(spark, t.EVALUATIONS, row), t.EVALUATIONS, DS)

    def model_of(night):
        return tmp_path / f"model_of_{night.settings.training.model}_{night.settings.training.seed}"

    definition = Thing("definition", lambda night: State((tmp_path / night.settings.training.model).read_text()))
    monkeypatch.setattr(run, "ONE_OF_SEVERAL", Thing("model", lambda night: State("there") if model_of(night).exists() else None))
    names = ("build_user_features", "correlate_attributes", "fit_normalizer", "segment_users", "build_sequences")
    stages = {name: stage(name) for name in names} | {
        "train_model": replace(stage("train_model", lambda night: model_of(night).touch()), reads=(definition,)),
        "simulate_events": stage("simulate_events"), "ingest_events": stage("ingest_events", ingest), "ingest_products": stage("ingest_products", products), "evaluate_models": stage("evaluate_models", evaluate),
    }
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "shop.yaml").write_text("name: shop")
    for model in SHOP.models:
        (tmp_path / model).write_text(f"name: {model[0]}")
    folder = tmp_path / SHOP.name
    settings = Settings(source="sources/shop.yaml", lake=str(folder / "lake"), models=str(folder / "models"), folder=str(tmp_path))
    return Runner(spark, str(tmp_path), stages), called, settings


def doing(runner, **other):
    """The runner with stages that do something else."""
    return replace(runner, stages=runner.stages | {name: replace(runner.stages[name], run=run) for name, run in other.items()})


def test_every_model_is_trained_with_every_seed_on_a_log_cut_as_asked_and_once_is_enough(world):
    runner, called, settings = world
    assert runner.run(SHOP, settings) == []
    assert called == [
        "ingest_events", "ingest_products", "build_user_features", "correlate_attributes", "fit_normalizer", "segment_users", "build_sequences",
        ("train_model", "a.yaml", 1), ("train_model", "a.yaml", 2), ("train_model", "b.yaml", 1), ("train_model", "b.yaml", 2), "evaluate_models",
    ]
    (experiment, night), = runner.judged({SHOP: settings})
    assert (experiment, night.settings.split.test_days, night.ds) == (SHOP, 2, DS)
    assert runner.run(SHOP, settings) == [] and len(called) == 12

    (settings.beside("b.yaml")).write_text("name: b\nwidth: 32")
    assert runner.run(SHOP, settings) == []
    assert [call for call in called[12:] if call[0] == "train_model"] == [("train_model", "b.yaml", 1), ("train_model", "b.yaml", 2)]


def test_a_log_that_was_corrected_is_taken_in_anew_though_no_setting_changed(world, tmp_path):
    runner, called, settings = world
    (tmp_path / "log.csv").write_text("u,i")
    log = Thing("log", lambda night: State((tmp_path / "log.csv").read_text()))
    runner = replace(runner, stages=runner.stages | {"ingest_events": replace(runner.stages["ingest_events"], reads=(log,))})
    assert runner.run(SHOP, settings) == runner.run(SHOP, settings) == [] and len(called) == 12
    (tmp_path / "log.csv").write_text("u,j")
    assert runner.run(SHOP, settings) == [] and called[12:] == ["ingest_events"]


def test_a_training_that_fails_costs_the_other_models_nothing_and_is_tried_again(world):
    runner, called, settings = world

    def train(night):
        if (night.settings.training.model, night.settings.training.seed) == ("a.yaml", 2):
            raise Infrastructure("Training failed: rank 1 is gone.")
        runner.stages["train_model"].run(night)

    failing = doing(runner, train_model=train)
    assert failing.run(SHOP, settings) == ["shop_six_to_four: a.yaml with seed 2: Training failed: rank 1 is gone."]
    assert called[-4:] == [("train_model", "a.yaml", 1), ("train_model", "b.yaml", 1), ("train_model", "b.yaml", 2), "evaluate_models"]
    assert len(runner.judged({SHOP: settings})) == 1
    assert runner.run(SHOP, settings) == [] and ("train_model", "a.yaml", 2) in called


def test_a_training_that_was_done_before_an_experiment_broke_off_is_not_done_again_unless_asked_for(world):
    runner, called, settings = world
    killed_at = [("b.yaml", 1)]

    def train(night):
        if (night.settings.training.model, night.settings.training.seed) in killed_at:
            raise KeyboardInterrupt
        runner.stages["train_model"].run(night)

    def trained(runner):
        called.clear()
        assert runner.run(SHOP, settings) == []
        return [call[1:] for call in called if call[0] == "train_model"]

    interrupted = doing(runner, train_model=train)
    with pytest.raises(KeyboardInterrupt):
        interrupted.run(SHOP, settings)
    killed_at.clear()
    assert trained(interrupted) == [("b.yaml", 1), ("b.yaml", 2)]
    assert trained(replace(interrupted, force=True)) == [("a.yaml", 1), ("a.yaml", 2), ("b.yaml", 1), ("b.yaml", 2)]


def test_experiments_on_one_log_take_it_in_once_also_when_all_is_done_anew_and_those_on_other_shops_apart(world):
    runner, called, settings = world
    forced = replace(runner, force=True)

    def carry_out(name, settings, **changes):
        own = replace(settings, lake=f"{runner.folder}/{name}/lake", models=f"{runner.folder}/{name}/models")
        assert forced.run(replace(SHOP, name=name, **changes), own) == []

    for name in ("one", "another"):
        carry_out(name, settings)
    assert called.count("ingest_events") == 1
    for shop in ("a", "b"):
        carry_out(f"on_{shop}", replace(settings, simulation=replace(settings.simulation, path=f"shops/{shop}")), simulated=True)
    assert called.count("simulate_events") == 2 and called.count("ingest_events") == 3


def test_an_experiment_that_breaks_off_is_told_and_stops_no_other(world):
    runner, _, settings = world

    def break_off(night):
        raise ZeroDivisionError("by nothing")

    broken = doing(runner, segment_users=break_off)
    assert broken.run(SHOP, settings) == ["shop_six_to_four: ZeroDivisionError by nothing"]
    assert runner.judged({SHOP: settings}) == []


def test_results_of_other_settings_are_not_shown_as_those_of_today(world):
    runner, _, settings = world
    runner.run(SHOP, settings)
    more_seeds = replace(SHOP, seeds=(1, 2, 3))
    assert runner.judged({more_seeds: settings}) == [] and len(runner.judged({SHOP: settings})) == 1
    settings.beside(settings.source).write_text("name: shop\nduplicates: drop")
    assert runner.judged({SHOP: settings}) == []


def test_what_an_evaluation_could_not_judge_is_told_and_the_experiment_is_carried_out_again(world):
    runner, called, settings = world

    def fail(night):
        raise MethodsFailed("markov: no memory left")

    assert doing(runner, evaluate_models=fail).run(SHOP, settings) == ["shop_six_to_four: markov: no memory left"]
    assert runner.run(SHOP, settings) == [] and called[-1] == "evaluate_models"
