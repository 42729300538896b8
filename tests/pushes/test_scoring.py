import os

import numpy as np
import pyarrow as pa
import pytest
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.models.follows import Follows
from recsys.pushes.scoring import Held, LoadedWith, Request, resident, scored, top_items
from tests.pushes import fake_model

SCORED = f"{c.USER} string, {c.ITEM} string, {c.RANK} int, {c.SCORE} double"


def test_every_known_user_gets_the_models_best_products_by_name(spark, tmp_path):
    path = fake_model.save(tmp_path / "one", ["milk", "soap", "tea"], rows=2)
    sequences = spark.createDataFrame([
        fake_model.sequence("ann", [1]), fake_model.sequence("bob", [1, 3]),
        fake_model.sequence("new", []), fake_model.sequence("old", [], memory=(2, 0)),
    ], fake_model.SCHEMA)

    lists = top_items(sequences, path, n=2, batch_size=2, load=fake_model.loader())

    expected = spark.createDataFrame([
        ("ann", "soap", 1, 0.5), ("ann", "tea", 2, 0.25), ("bob", "milk", 1, 0.5), ("bob", "soap", 2, 0.25),
        ("old", "milk", 1, 0.5), ("old", "soap", 2, 0.25),
    ], SCORED)
    assertDataFrameEqual(lists, expected)


def test_banned_products_of_a_user_and_those_for_nobody_are_skipped(spark, tmp_path):
    path = fake_model.save(tmp_path / "one", ["milk", "soap", "tea", "wax"], rows=2)
    rows = [fake_model.sequence("ann", [1]) | {"banned": [2]}, fake_model.sequence("bob", [1]) | {"banned": None}]
    sequences = spark.createDataFrame(rows, fake_model.SCHEMA + ", banned array<int>")

    lists = top_items(sequences, path, n=3, banned="banned", never=["tea"], batch_size=2, load=fake_model.loader())

    expected = spark.createDataFrame([
        ("ann", "wax", 1, 0.125), ("ann", "milk", 2, 0.0625),
        ("bob", "soap", 1, 0.5), ("bob", "wax", 2, 0.125), ("bob", "milk", 3, 0.0625),
    ], SCORED)
    assertDataFrameEqual(lists, expected)


def test_the_model_is_asked_with_the_neighbours_it_is_given_and_not_with_those_of_another_night(spark, tmp_path):
    path = fake_model.save(tmp_path / "one", ["milk", "soap", "tea"], rows=1)
    sequences, load = spark.createDataFrame([fake_model.sequence("ann", [1])], fake_model.SCHEMA), fake_model.loader(heeds_neighbours=True)

    def best(near):
        follows = Follows(np.array([[0], [near], [0], [0]], np.int32), np.array([[0], [1], [0], [0]], np.float32))
        return top_items(sequences, path, n=1, batch_size=1, neighbours=follows, load=load).first()[c.ITEM]

    assert [best(3), best(1), best(3)] == ["tea", "milk", "tea"]


def test_a_model_is_kept_for_the_neighbours_that_it_was_loaded_with(tmp_path):
    loads = []
    path = fake_model.save(tmp_path / "one", ["milk"], rows=1)

    def load(where):
        loads.append(where)
        return fake_model.loader(heeds_neighbours=True)(where)

    one, two = (Follows(np.zeros((2, width), np.int32), np.zeros((2, width), np.float32)) for width in (1, 2))
    given = [LoadedWith(follows.digest, Held(follows), load) for follows in (one, one, two)]
    found = [resident(path, each).neighbours for each in given]
    assert found[0] is one and found[1] is one and found[2] is two and len(loads) == 2


def test_lists_do_not_depend_on_partitions_or_batches(spark, tmp_path):
    items = [f"p{number:02}" for number in range(20)]
    rows = [fake_model.sequence(f"u{user:02}", [user % 20 + 1], segment=user % 3) for user in range(30)]
    sequences = spark.createDataFrame(rows, fake_model.SCHEMA)

    def lists(partitions, size):
        path = fake_model.save(tmp_path / f"of_{size}", items, rows=size)
        spread = sequences.repartition(partitions)
        return top_items(spread, path, n=3, batch_size=size, load=fake_model.loader()).orderBy(c.USER, c.RANK).collect()

    one = lists(1, 7)
    assert len(one) == 90
    assert lists(4, 7) == one
    assert lists(13, 32) == one


def test_a_model_is_loaded_once_and_anew_only_when_it_was_written_anew(tmp_path):
    loads = []
    path = fake_model.save(tmp_path / "one", ["milk"], rows=1)
    load = lambda where: loads.append(where) or len(loads)

    assert [resident(path, load), resident(path, load)] == [1, 1]
    os.utime(path, ns=(1, 1))
    assert resident(path, load) == 2


def test_arrays_of_unequal_length_are_refused(tmp_path):
    artifact = fake_model.loader()(fake_model.save(tmp_path / "one", ["milk"], rows=1))
    rows = [fake_model.sequence("ann", [1]), fake_model.sequence("bob", [1]) | {c.ITEMS: [1, 2, 3]}]

    with pytest.raises(ValueError):
        list(scored(pa.RecordBatch.from_pylist(rows), artifact, Request(n=1)))
