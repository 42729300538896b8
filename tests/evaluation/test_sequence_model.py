"""The trained model as a method, with a model that needs no TensorFlow."""

import pytest
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.evaluation.sequence_model import SequenceModel, wanted_behaviour
from recsys.faults import MissingTable
from recsys.pushes.scoring import BATCH_SIZE
from tests.baselines.logs import lists, log, users
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
    model = SequenceModel(sequences, vocabulary, path, (c.PURCHASE,), drop_seen, load=fake_model.loader())
    model.fit(log(spark, [("u", "a", 1), ("u", "b", 1), ("u", "unknown", 2), ("v", "b", 1)]))
    return model


def test_the_users_asked_about_get_what_the_model_finds_likeliest(spark, tmp_path):
    # The fake's favourites are the products after the user's last one, in the order of the catalogue.
    found = _model(spark, tmp_path, drop_seen=False).recommend(users(spark, "v", "stranger"), 2)
    assertDataFrameEqual(found, lists(spark, ("v", "d", 1), ("v", "a", 2)))


def test_products_already_seen_are_left_out_and_unknown_ones_do_no_harm(spark, tmp_path):
    found = _model(spark, tmp_path, drop_seen=True).recommend(users(spark, "u", "v"), 3)
    assertDataFrameEqual(found, lists(spark, ("u", "d", 1), ("v", "d", 1), ("v", "a", 2)))


def test_a_day_without_rows_for_the_test_is_told_instead_of_judging_empty_lists(spark):
    sequences = spark.createDataFrame([], fake_model.SCHEMA)
    with pytest.raises(MissingTable, match="no rows of split test"):
        SequenceModel(sequences, sequences, "nowhere", (c.PURCHASE,), False).fit(log(spark, [("u", "a", 1)]))
