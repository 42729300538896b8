import json
import shutil
from datetime import timedelta
from functools import cache, partial
from hashlib import sha256

import push_products
import pytest
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys import tables as t
from recsys.faults import BadData, MissingTable
from recsys.lake import Lake
from recsys.pushes.filters import BANNED
from recsys.pushes.popularity import BY_SEGMENT, CATALOGUE, MODEL, OVERALL
from recsys.pushes.scoring import top_items
from recsys.split import PUSH
from tests.jobs.declared import declared
from tests.pushes import fake_model, shop

EARLIER = shop.DS - timedelta(days=2)

two_days = pytest.mark.parametrize("lake", [(EARLIER, shop.DS)], indirect=True, ids=["open on two days"])


@pytest.fixture(scope="module")
def opened(spark, tmp_path_factory):
    """A folder with the lake of a shop that was open on such days, and the model of the first; to be copied, since tests write to it."""
    def on(*days):
        folder = tmp_path_factory.mktemp("shop")
        for ds in days:
            shop.open_shop(spark, Lake(spark, str(folder / "lake")), folder, ds, model_ds=days[0])
        return folder

    return cache(on)


@pytest.fixture
def lake(request, spark, opened, tmp_path):
    """The lake of the shop, with its model beside it in `tmp_path`; open on its one day, unless a test asks for more."""
    shutil.copytree(opened(*getattr(request, "param", (shop.DS,))), tmp_path, dirs_exist_ok=True)
    return Lake(spark, str(tmp_path / "lake"))


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    monkeypatch.setattr(push_products, "top_items", partial(top_items, batch_size=2, load=fake_model.loader()))


def push(night):
    push_products.STAGE.run(declared(push_products.STAGE, night))


def lists(lake, ds=shop.DS):
    chosen = lake.read_day(t.PUSHES, ds).groupBy(c.USER).agg(F.sort_array(F.collect_list(F.struct(c.RANK, c.ITEM, c.ORIGIN))).alias("_"))
    return {row[c.USER]: [(entry[c.ITEM], entry[c.ORIGIN]) for entry in row["_"]] for row in chosen.collect()}


def test_every_user_with_history_gets_exactly_n_available_products_with_name_and_price(spark, lake, tmp_path):
    push(shop.night(lake, tmp_path, pushes={"n": 3}))

    assert lists(lake) == {  # soap is not available; honey was never bought; ghost only ever returned
        "ann": [("tea", MODEL), ("wax", MODEL), ("milk", MODEL)],
        "bob": [("wax", MODEL), ("milk", MODEL), ("tea", MODEL)],
        "cid": [("milk", MODEL), ("tea", MODEL), ("wax", MODEL)],
        "new": [("rope", BY_SEGMENT), ("wax", BY_SEGMENT), ("milk", OVERALL)],
        "stray": [("milk", OVERALL), ("rope", OVERALL), ("tea", OVERALL)],
    }
    pushed = lake.read_day(t.PUSHES, shop.DS)
    ann = pushed.where(F.col(c.USER) == "ann").where(F.col(c.RANK) == 1)
    expected = spark.createDataFrame(
        [("ann", 1, "tea", 0.25, "Tea", 3.0, MODEL, "fake-2024-03-10", 0, shop.DS)], pushed.schema
    )
    assertDataFrameEqual(ann, expected)


def test_bought_products_are_left_out_on_request_and_a_small_catalogue_ends_a_list(lake, tmp_path, caplog):
    push(shop.night(lake, tmp_path, pushes={"n": 4, "drop_bought": True}))

    assert lists(lake) == {
        "ann": [("tea", MODEL), ("wax", MODEL), ("rope", OVERALL), ("honey", CATALOGUE)],
        "bob": [("wax", MODEL), ("rope", OVERALL), ("honey", CATALOGUE)],
        "cid": [("milk", MODEL), ("tea", MODEL), ("rope", BY_SEGMENT), ("honey", CATALOGUE)],
        "new": [("wax", BY_SEGMENT), ("milk", OVERALL), ("tea", OVERALL), ("honey", CATALOGUE)],
        "stray": [("milk", OVERALL), ("tea", OVERALL), ("wax", OVERALL), ("honey", CATALOGUE)],
    }
    assert "1 users got fewer than 4 products" in caplog.text


def test_users_who_get_nothing_at_all_are_counted_among_those_with_short_lists_also_where_nobody_gets_any(lake, tmp_path, caplog):
    night, products, events = shop.night(lake, tmp_path, pushes={"n": 1, "drop_bought": True}), lake.read_day(t.PRODUCTS, shop.DS), lake.read(t.EVENTS)
    lake.replace_day(products.where(F.col(c.ITEM) == "rope"), t.PRODUCTS, shop.DS)
    push(night)
    assert set(lists(lake)) == {"ann", "bob", "cid"} and "2 users got fewer than 1 products" in caplog.text  # new and stray have rope
    lake.replace_where(events.where(F.col(c.ITEM) == "rope"), t.EVENTS, "true", of="all")
    push(night)
    assert caplog.text.count("2 users got fewer than 1 products") == 2 and lake.read(t.PUSHES).isEmpty()


def test_only_a_night_that_drops_what_was_bought_has_the_model_leave_out_anything_for_single_users(lake, tmp_path, monkeypatch):
    asked, listed = [], push_products.top_items

    def seen(sequences, *place, **wanted):
        asked.append((wanted["banned"], BANNED in sequences.columns))
        return listed(sequences, *place, **wanted)

    monkeypatch.setattr(push_products, "top_items", seen)
    for drop_bought in (False, True):
        push(shop.night(lake, tmp_path, pushes={"n": 1, "drop_bought": drop_bought}))
    assert asked == [(None, False), (BANNED, True)]


@two_days
def test_a_second_run_changes_nothing_and_an_earlier_day_leaves_the_later_one_alone(lake, tmp_path):
    night = shop.night(lake, tmp_path, model_ds=EARLIER, pushes={"n": 2})
    push(night)
    once = lake.read(t.PUSHES).collect()

    push(night)
    assert sorted(lake.read(t.PUSHES).collect()) == sorted(once)

    push(shop.night(lake, tmp_path, ds=EARLIER, pushes={"n": 2}))
    assert sorted(lake.read_day(t.PUSHES, shop.DS).collect()) == sorted(once)
    assert set(lists(lake, EARLIER)) == {"bob", "cid", "stray"}  # who had done anything by then


def test_without_a_model_or_a_product_to_push_nothing_is_written(lake, tmp_path):
    with pytest.raises(MissingTable, match="train_model"):
        push(shop.night(lake, tmp_path / "elsewhere"))
    lake.replace_day(lake.read_day(t.PRODUCTS, shop.DS).withColumn(c.AVAILABLE, F.lit(False)), t.PRODUCTS, shop.DS)
    with pytest.raises(BadData, match="drop_unavailable"):
        push(shop.night(lake, tmp_path))
    assert not lake.exists(t.PUSHES)


def test_a_model_that_numbers_other_products_than_the_vocabulary_is_refused(lake, tmp_path):
    folder = tmp_path / "models" / f"fake-{shop.DS}"
    manifest = json.loads((folder / "manifest.json").read_text())
    for known, length, told in ((["milk", "tea", "soap", "wax"], 8, "numbers other products"), (shop.ITEMS, 9, "sequences.length = 9")):
        sums = {"items.json": sha256(json.dumps(["", *known]).encode()).hexdigest()}
        (folder / "manifest.json").write_text(json.dumps(manifest | {"checksums": sums, "shape": {"length": length, "memory": 4, "attributes": 3}}))
        with pytest.raises(BadData, match=told):
            push(shop.night(lake, tmp_path, sequences={"length": 8, "memory": 4}))
    assert not lake.exists(t.PUSHES)


@pytest.mark.parametrize(("learned", "told"), [
    ({"normalizer": [{c.POSITION: 0, c.ATTRIBUTE: "n_purchase", c.TRANSFORM: "log1p", c.MINIMUM: 0.0, c.MAXIMUM: 3.0}]}, "another table normalizer of"),
    ({"centroids": [[0.5], [0.9]]}, "another table segment_centroids of"),
    ({"segments": 3}, "another table segment_centroids of"),
    ({"settings": {"sequences": {"behaviours": ["purchase"]}}}, "trained with sequences.behaviours = .'purchase'., and the settings now say"),
    ({"definition": {"name": "any", "neighbours": 33}}, "looks at 33 neighbours of a product, and sequences.neighbours = 32 are counted"),
    ({"definition": {"name": "any", "likenesses": 21}}, "looks at 21 likenesses of a product, and sequences.likenesses = 20 are counted"),
])
def test_a_model_that_learned_from_other_inputs_than_it_would_be_asked_with_is_refused(lake, tmp_path, learned, told):
    manifest = tmp_path / "models" / f"fake-{shop.DS}" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | learned))
    with pytest.raises(BadData, match=told):
        push(shop.night(lake, tmp_path))
    assert not lake.exists(t.PUSHES)


def test_last_digits_of_what_was_fitted_make_no_other_inputs(lake, tmp_path):
    manifest = tmp_path / "models" / f"fake-{shop.DS}" / "manifest.json"
    bounds = {c.POSITION: 0, c.ATTRIBUTE: "n_purchase", c.TRANSFORM: "log1p", c.MINIMUM: 0.0, c.MAXIMUM: 2.0, c.DAY: str(shop.DS)}
    same = {"normalizer": [bounds], "centroids": [[0.5], [1.0 + 1e-9]], "segments": 2, "settings": {"sequences": {"behaviours": [*c.BEHAVIOUR_ORDER]}}}
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | same))
    push(shop.night(lake, tmp_path, pushes={"n": 1}))
    assert lake.read_day(t.PUSHES, shop.DS).count() == 5


@two_days
def test_newcomers_of_the_day_are_pushed_by_an_older_model_and_banned_like_any_product(lake, tmp_path):
    lake.replace_day(lake.frame([("honey", 5, 3, 3, EARLIER), ("rope", 6, 2, 2, EARLIER)], t.NEWCOMERS, shop.DS), t.NEWCOMERS, shop.DS)
    lake.replace_day(lake.frame([(5, 3, EARLIER, PUSH)], t.TRENDS, shop.DS), t.TRENDS, shop.DS)
    night = shop.night(lake, tmp_path, model_ds=EARLIER, pushes={"n": 3})
    push(night)
    assert lists(lake)["cid"] == [("honey", MODEL), ("rope", MODEL), ("milk", MODEL)]
    late = lake.read(t.EVENTS).where("user_id = 'cid'").limit(1).withColumns({c.ITEM: F.lit("honey"), c.EVENT_ID: F.lit("late"), c.SOURCE: F.lit("late")})
    lake.replace_where(late, t.EVENTS, "source = 'late'", of="late")
    push(shop.night(lake, tmp_path, model_ds=EARLIER, pushes={"n": 3, "drop_bought": True}))
    assert lists(lake)["cid"] == [("rope", MODEL), ("milk", MODEL), ("tea", MODEL)]
    gone = lake.read_day(t.PRODUCTS, shop.DS).where("item_id <> 'rope'").localCheckpoint()
    lake.replace_day(gone, t.PRODUCTS, shop.DS)
    push(night)
    assert lists(lake)["cid"] == [("honey", MODEL), ("milk", MODEL), ("tea", MODEL)]


@two_days
def test_sequences_and_counts_that_are_numbered_for_another_model_are_refused(lake, tmp_path):
    shop.train(tmp_path, shop.DS, rows=2)  # went wrong, so that EARLIER's model was to push, and did
    night, numbered = shop.night(lake, tmp_path), lake.read_day(t.SEQUENCES, shop.DS)
    with pytest.raises(BadData, match=f"table sequences of {shop.DS} numbers products by the vocabulary of {EARLIER}; .* --ds {shop.DS} --model-ds {shop.DS} first"):
        push(night)
    lake.replace_day(numbered.withColumn(c.MODEL_DAY, F.lit(shop.DS)), t.SEQUENCES, shop.DS)
    for counted in (t.NEIGHBOURS, t.LIKENESSES):
        lake.replace_day(lake.frame([(1, [2], [1.0], EARLIER, PUSH)], counted, shop.DS), counted, shop.DS)
    lake.replace_day(lake.frame([(1, 7, EARLIER, PUSH)], t.TRENDS, shop.DS), t.TRENDS, shop.DS)
    lake.replace_day(lake.frame([("honey", 5, 3, 3, EARLIER)], t.NEWCOMERS, shop.DS), t.NEWCOMERS, shop.DS)
    for table in (t.NEIGHBOURS, t.LIKENESSES, t.TRENDS, t.NEWCOMERS):
        with pytest.raises(BadData, match=f"table {table.name} of {shop.DS} numbers products by the vocabulary of {EARLIER}"):
            push(night)
        lake.replace_day(lake.frame([], table, shop.DS), table, shop.DS)
    assert not lake.exists(t.PUSHES)


def test_sequences_of_an_older_version_which_do_not_say_what_numbers_them_are_refused(lake, tmp_path):
    older = lake.read(t.SEQUENCES).drop(c.MODEL_DAY)
    older.write.format("delta").mode("overwrite").option("overwriteSchema", "true").partitionBy(*t.SEQUENCES.partitions).save(lake.location(t.SEQUENCES))
    with pytest.raises(BadData, match="lacks .'model_ds'.* remove that table and run jobs/build_sequences.py again"):
        push(shop.night(lake, tmp_path))
