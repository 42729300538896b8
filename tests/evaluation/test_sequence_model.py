"""The trained model as a method, with a model that needs no TensorFlow."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.evaluation.sequence_model import SequenceModel, trained_models
from recsys.faults import BadSettings, MissingTable
from recsys.models.conditions import wanted_behaviour
from recsys.models.definition import ModelDefinition
from recsys.pushes.scoring import BATCH_SIZE
from recsys.settings import EvaluationSettings, SequenceSettings, Settings, TrainingSettings
from recsys.training.assemble import version_of
from tests.baselines.logs import day, lists, log, users
from tests.pushes import fake_model


@pytest.mark.parametrize(("relevant", "wanted"), [
    ((c.PURCHASE, c.REPURCHASE), c.PURCHASE), ((c.CART,), c.CART), ((c.BROWSE, c.PURCHASE), None),
])
def test_both_kinds_of_buying_are_one_behaviour_and_several_behaviours_are_any(relevant, wanted):
    assert wanted_behaviour(relevant) == wanted


def _model(spark, tmp_path, drop_seen):
    sequences = spark.createDataFrame([fake_model.sequence("u", [1]), fake_model.sequence("v", [2])], fake_model.SCHEMA)
    vocabulary = spark.createDataFrame([("a", 1), ("b", 2), ("d", 3)], f"{c.ITEM} string, {c.ITEM_INDEX} int")
    path = fake_model.save(tmp_path / "model", ["a", "b", "d"], rows=BATCH_SIZE)
    model = SequenceModel("my_model", sequences, vocabulary, path, SequenceSettings(), (c.PURCHASE,), drop_seen, load=fake_model.loader())
    model.fit(log(spark, [("u", "a", 1), ("u", "b", 1), ("u", "unknown", 2), ("v", "b", 1)]))
    return model


def test_the_users_asked_about_get_what_the_model_finds_likeliest(spark, tmp_path):
    # The fake's favourites are the products after the user's last one, in the order of the catalogue.
    found = _model(spark, tmp_path, drop_seen=False).recommend(users(spark, "v", "stranger"), 2)
    assertDataFrameEqual(found, lists(spark, ("v", "d", 1), ("v", "a", 2)))


def test_products_already_seen_are_left_out_and_unknown_ones_do_no_harm(spark, tmp_path):
    found = _model(spark, tmp_path, drop_seen=True).recommend(users(spark, "u", "v"), 3)
    assertDataFrameEqual(found, lists(spark, ("u", "d", 1), ("v", "d", 1), ("v", "a", 2)))


def test_users_can_be_asked_one_by_one_without_spark_and_the_first_waits_until_the_model_is_loaded(spark, tmp_path):
    waits = _model(spark, tmp_path, drop_seen=True).seconds_alone(users(spark, "u", "v"), 3)
    assert len(waits) == 2 and waits[0] > waits[1] > 0


def test_a_day_without_rows_for_the_test_is_told_instead_of_judging_empty_lists(spark, tmp_path):
    sequences, path = spark.createDataFrame([], fake_model.SCHEMA), fake_model.save(tmp_path / "model", ["a"], rows=1)
    with pytest.raises(MissingTable, match="no rows of split test"):
        SequenceModel("my_model", sequences, sequences, path, SequenceSettings(), (c.PURCHASE,), False).fit(log(spark, [("u", "a", 1)]))


def test_a_model_that_was_not_trained_is_told(spark):
    with pytest.raises(MissingTable, match="no model var/models/gone"):
        SequenceModel("my_model", None, None, "var/models/gone", SequenceSettings(), (c.PURCHASE,), False).fit(None)


def _settings(tmp_path, **evaluation):
    for name in ("first", "second"):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\n")
    return Settings(
        source="shop.yaml", folder=str(tmp_path), models=str(tmp_path / "models"), training=TrainingSettings(model="first.yaml"),
        evaluation=EvaluationSettings(**evaluation),
    )


def test_without_models_and_seeds_the_model_that_is_pushed_is_judged(tmp_path):
    pushed = Path(fake_model.save(tmp_path / "models" / "pushed", ["a"], rows=1))
    manifest = json.loads((pushed / "manifest.json").read_text())
    (pushed / "manifest.json").write_text(json.dumps(manifest | {"model_ds": str(day(9))}))
    assert trained_models(_settings(tmp_path), day(9)) == {fake_model.NAME: [str(pushed)]}


def test_every_model_is_looked_for_once_for_each_seed_under_the_name_that_training_gives_it(tmp_path):
    settings = _settings(tmp_path, models=("first.yaml", "second.yaml"), seeds=(1, 2))
    training = TrainingSettings(model="second.yaml", seed=2)
    named = version_of(ModelDefinition(name="second"), replace(settings, training=training), day(9))
    found = trained_models(settings, day(9))
    assert {name: len(set(folders)) for name, folders in found.items()} == {"first": 2, "second": 2}
    assert found["second"][1] == f"{settings.models}/{named}"


def test_a_model_must_not_be_called_as_a_simple_method_is(tmp_path):
    settings = _settings(tmp_path, models=("first.yaml",))
    (tmp_path / "first.yaml").write_text("name: markov\n")
    with pytest.raises(BadSettings, match="A model is called markov"):
        trained_models(settings, day(9))


def test_two_models_of_one_name_are_refused(tmp_path):
    with pytest.raises(BadSettings, match="two definitions are called first"):
        trained_models(_settings(tmp_path, models=("first.yaml", "first.yaml")), day(9))
