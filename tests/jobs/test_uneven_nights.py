"""Nights on logs of odd shapes, stage by stage up to the pushes: each ends well, or with a message that says what is missing."""

import json
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import build_sequences
import build_user_features
import correlate_attributes
import fit_normalizer
import ingest_events
import ingest_products
import push_products
import pytest
import segment_users
from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.faults import BadData
from recsys.job import Night
from recsys.lake import Lake
from recsys.pushes.scoring import top_items
from recsys.settings import PushSettings, SegmentSettings, SequenceSettings, Settings, SplitSettings
from recsys.split import PUSH, TRAIN
from tests.conftest import ADAPTIVE, having

SOURCE = """
name: shop
files: {path: to be overridden}
events: {user_id: user, item_id: item, behaviour: what, event_time: at}
time: {format: yyyy-MM-dd HH:mm:ss}
behaviours: {buy: purchase, view: browse}
duplicates: keep
"""
STAGES = (ingest_events, ingest_products, build_user_features, correlate_attributes, fit_normalizer, segment_users, build_sequences)
NOT_FITTING = (ingest_events, ingest_products, build_user_features, segment_users, build_sequences)
DS, WINDOW, WINDOWS = date(2020, 3, 31), 8, 3


@pytest.fixture(autouse=True)
def adaptive(spark):
    """What is uneven in a log is what Spark evens out as it goes."""
    with having(spark, ADAPTIVE):
        yield


def line(user, item, days_ago, what="buy", second=0):
    return f"{user},{item},{what},{DS - timedelta(days=days_ago)} 10:{second // 60 % 60:02}:{second % 60:02}"


def a_night(spark, folder, deliveries):
    """A night on `deliveries`, each a list of lines and a file of its own."""
    (folder / "source.yaml").write_text(SOURCE)
    (folder / "in").mkdir()
    for number, lines in enumerate(deliveries):
        (folder / "in" / f"{number:04}.csv").write_text("\n".join(["user,item,what,at", *lines]))
    settings = Settings(
        source="source.yaml", folder=str(folder), source_path=f"{folder}/in/*.csv", lake=f"{folder}/lake", models=f"{folder}/models",
        split=SplitSettings(test_days=5, validation_days=3), segments=SegmentSettings(k_max=2, seeds=1), pushes=PushSettings(n=2),
        sequences=SequenceSettings(length=WINDOW, stride=WINDOW, max_windows=WINDOWS, memory=4, min_item_users=1, files=2),
    )
    return Night(Lake(spark, settings.lake), settings, DS, DS)


def carry_out(night, stages=STAGES):
    for stage in stages:
        stage.run(night)


def ordinary(users=6, items=4):
    return [line(f"u{user}", f"i{(user + step) % items}", 30 - step, "buy" if step % 2 else "view") for user in range(users) for step in range(user + 3)]


def loader():
    """A function that loads a model without TensorFlow: whoever asks gets products 1, 2 ...; made here so that Spark sends it by value."""
    import json as json_
    from pathlib import Path as Path_

    import numpy as np_

    class Model:
        def __init__(self, path):
            self.manifest = json_.loads((Path_(path) / "manifest.json").read_text())
            self.version, self.items = self.manifest["version"], np_.array(self.manifest["items"])

        def count_anew(self, follows):
            self.items = np_.concatenate([self.items, np_.array(follows.newcomers, dtype=str)])
            assert follows.items.shape[0] == len(self.items)

        def top(self, batch, n, banned, behaviour, never=None):
            rows, known = len(batch["length"]), len(self.items)
            places = np_.tile([number if number < known else 0 for number in range(1, n + 1)], (rows, 1)).astype(np_.int32)
            return places, np_.where(places > 0, 0.5, 0).astype(np_.float32)

    return Model


def pushed(night, monkeypatch):
    """How many products every user gets."""
    items = [row[0] for row in night.lake.read_day(t.VOCABULARY, night.model_ds).orderBy(c.ITEM_INDEX).select(c.ITEM).collect()]
    folder = Path(night.settings.models) / "fake"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"version": "fake", "model_ds": str(night.model_ds), "items": ["", *items]}))
    monkeypatch.setattr(push_products, "top_items", partial(top_items, batch_size=2, load=loader()))
    push_products.run(night)
    return {row[c.USER]: row["count"] for row in night.lake.read_day(t.PUSHES, night.ds).groupBy(c.USER).count().collect()}


def test_a_user_in_half_of_all_events_costs_as_many_rows_as_any_other_and_days_of_new_users_or_of_none_push_to_all(spark, tmp_path, monkeypatch):
    """One product is in half of all events too."""
    giant = [line("giant", "i0" if number % 2 else f"i{number % 4}", 20, second=number) for number in range(3_000)]
    night = a_night(spark, tmp_path, [giant, *([event] for event in ordinary())])
    carry_out(night)
    windows = night.lake.read_day(t.SEQUENCES, DS).groupBy(c.SPLIT, c.USER).agg(F.count(F.lit(1)).alias("n"), F.max(F.size(c.ITEMS)), F.max(F.size(c.MEMORY_ITEMS)))
    sizes = {(row[0], row[1]): tuple(row)[2:] for row in windows.collect()}
    assert sizes[TRAIN, "giant"] == (WINDOWS, WINDOW, 4) and sizes[PUSH, "giant"] == (1, WINDOW, 4)
    old = {user: 2 for user in ("giant", *(f"u{number}" for number in range(6)))}
    assert pushed(night, monkeypatch) == old

    new = [line(f"n{user}", "i1" if user else "never seen before", -1) for user in range(3)]
    (tmp_path / "in" / "next.csv").write_text("\n".join(["user,item,what,at", *new]))
    for ds in (DS + timedelta(days=1), DS + timedelta(days=2)):
        later = Night(night.lake, night.settings, ds, DS)
        carry_out(later, NOT_FITTING)
        assert pushed(later, monkeypatch) == old | {"n0": 2, "n1": 2, "n2": 2}


def test_a_log_of_looks_at_one_product_pushes_that_product(spark, tmp_path, monkeypatch):
    night = a_night(spark, tmp_path, [[line(f"u{user}", "only", 30 - step, "view") for user in range(5) for step in range(user + 1)]])
    carry_out(night)
    assert pushed(night, monkeypatch) == {f"u{user}": 1 for user in range(5)}


def test_the_first_day_ever_has_nothing_to_learn_from_and_says_so(spark, tmp_path):
    night = a_night(spark, tmp_path, [[line(f"u{user}", "i0", 0) for user in range(5)]])
    with pytest.raises(BadData) as fault:
        carry_out(night)
    assert "training period" in str(fault.value) and "test_days" in str(fault.value), str(fault.value)
