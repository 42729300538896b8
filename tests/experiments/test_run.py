"""The runner on a lake of four events; the stages only say that they were called."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from recsys import columns as c
from recsys import tables as t
from recsys.evaluation.compare import MethodsFailed
from recsys.experiments.plan import Experiment
from recsys.experiments.run import Runner
from recsys.faults import Infrastructure
from recsys.settings import Settings

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
def world(spark, tmp_path):
    """Where experiments run, what their stages were called with, and the settings of the only one."""
    called = []

    def stage(name, does=lambda night: None):
        def run(night):
            called.append((name, night.settings.training.model, night.settings.training.seed) if name == "train_model" else name)
            does(night)
        return run

    def evaluate(night):
        assert night.lake.read(t.EVENTS).count() == 5 and night.settings.split.test_days == 2
        row = {c.METHOD: "a", c.SPLIT: "test", c.METRIC: "f1", c.LIST_LENGTH: 5, c.VALUE: 0.1, c.USERS: 1, c.DAY: DS}
        night.lake.replace_day(frame(spark, t.EVALUATIONS, row), t.EVALUATIONS, DS)

    names = ("build_user_features", "correlate_attributes", "fit_normalizer", "segment_users", "build_sequences", "train_model")
    stages = {name: stage(name) for name in names} | {
        "ingest_events": stage("ingest_events", ingest), "ingest_products": stage("ingest_products", products), "evaluate_models": stage("evaluate_models", evaluate),
    }
    for model in SHOP.models:
        (tmp_path / model).write_text(f"name: {model[0]}")
    folder = tmp_path / SHOP.name
    settings = Settings(source="sources/shop.yaml", lake=str(folder / "lake"), models=str(folder / "models"), folder=str(tmp_path))
    return Runner(spark, str(tmp_path), stages), called, settings


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
    assert runner.run(SHOP, settings) == [] and len(called) == 24


def test_a_training_that_fails_costs_the_other_models_nothing_and_is_tried_again(world):
    runner, called, settings = world

    def train(night):
        if (night.settings.training.model, night.settings.training.seed) == ("a.yaml", 2):
            raise Infrastructure("Training failed: rank 1 is gone.")
        runner.stages["train_model"](night)

    failing = replace(runner, stages=runner.stages | {"train_model": train})
    assert failing.run(SHOP, settings) == ["shop_six_to_four: a.yaml with seed 2: Training failed: rank 1 is gone."]
    assert called[-4:] == [("train_model", "a.yaml", 1), ("train_model", "b.yaml", 1), ("train_model", "b.yaml", 2), "evaluate_models"]
    assert len(runner.judged({SHOP: settings})) == 1
    assert runner.run(SHOP, settings) == [] and ("train_model", "a.yaml", 2) in called


def test_an_experiment_that_breaks_off_is_told_and_stops_no_other(world):
    runner, _, settings = world

    def break_off(night):
        raise ZeroDivisionError("by nothing")

    broken = replace(runner, stages=runner.stages | {"segment_users": break_off})
    assert broken.run(SHOP, settings) == ["shop_six_to_four: ZeroDivisionError by nothing"]
    assert runner.judged({SHOP: settings}) == []


def test_results_of_other_settings_are_not_shown_as_those_of_today(world):
    runner, _, settings = world
    runner.run(SHOP, settings)
    more_seeds = replace(SHOP, seeds=(1, 2, 3))
    assert runner.judged({more_seeds: settings}) == [] and len(runner.judged({SHOP: settings})) == 1


def test_what_an_evaluation_could_not_judge_is_told_and_the_experiment_is_carried_out_again(world):
    runner, called, settings = world

    def fail(night):
        raise MethodsFailed("markov: no memory left")

    assert Runner(runner.spark, runner.folder, runner.stages | {"evaluate_models": fail}).run(SHOP, settings) == ["shop_six_to_four: markov: no memory left"]
    assert runner.run(SHOP, settings) == [] and called[-1] == "evaluate_models"
