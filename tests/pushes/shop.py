"""A lake with a shop of five users and six products, complete enough to push and to report from."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path

from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.job import Night
from recsys.settings import Settings
from recsys.split import PUSH
from tests.pushes import fake_model

DS = date(2024, 3, 10)
ITEMS = ["milk", "soap", "tea", "wax"]  # known to the model, by index; honey and rope are not
USERS = {"ann": (0, [1]), "bob": (0, [1, 3]), "cid": (1, [4]), "new": (1, []), "stray": (None, [])}  # segment, items of the sequence
BOUGHT = [("ann", "milk", 1), ("bob", "milk", 1), ("bob", "tea", 2), ("cid", "wax", 3), ("new", "rope", 1), ("stray", "rope", 2)]


def night(lake, tmp_path, ds=DS, model_ds=None, **sections) -> Night:
    settings = Settings(source="shop.yaml", lake=lake.root, models=str(tmp_path / "models"), report_path=str(tmp_path / "report.html"), **sections)
    return Night(lake, settings, ds, model_ds or ds)


def open_shop(spark, lake, tmp_path, ds=DS, rows=2, model_ds=None) -> None:
    """Write all that pushing by the model of `model_ds`, or else of `ds`, reads for `ds`: one event a user and product, on the days before."""
    events = [
        (f"{user}-{item}", user, item, c.PURCHASE, datetime(ds.year, ds.month, ds.day, 12) - timedelta(days=days), None, 1.0, 2.5, None, "shop",
         "log.csv", ds - timedelta(days=days))
        for user, item, days in BOUGHT
    ]
    events.append(("back", "ghost", "milk", c.RETURN, datetime(ds.year, ds.month, ds.day, 9), None, -1.0, 2.5, None, "shop", "log.csv", ds))
    products = [(item, item.title(), 1.0 + place, None, None, item != "soap", ds) for place, item in enumerate([*ITEMS, "honey", "rope"])]
    segments = [(user, segment, 0.1, PUSH, ds) for user, (segment, _) in USERS.items() if segment is not None]
    lake.replace_where(frame(spark, t.EVENTS, events), t.EVENTS, "source = 'shop'", of="shop")
    lake.replace_day(frame(spark, t.PRODUCTS, products), t.PRODUCTS, ds)
    lake.replace_day(frame(spark, t.SEGMENTS, segments), t.SEGMENTS, ds)
    lake.replace_day(_sequences(spark, ds, model_ds or ds), t.SEQUENCES, ds)
    for counted in (t.NEWCOMERS, t.NEIGHBOURS, t.LIKENESSES, t.TRENDS):
        lake.replace_day(lake.frame([], counted, ds), counted, ds)
    if not lake.exists(t.VOCABULARY):
        vocabulary = [(item, index, 1, 1, ds) for index, item in enumerate(ITEMS, start=1)]
        lake.replace_day(frame(spark, t.VOCABULARY, vocabulary), t.VOCABULARY, ds)
        lake.replace_day(lake.frame([(0, "n_purchase", "log1p", 0.0, 2.0)], t.NORMALIZER, ds), t.NORMALIZER, ds)
        lake.replace_day(lake.frame([(0, [0.5], 2), (1, [1.0], 1)], t.SEGMENT_CENTROIDS, ds), t.SEGMENT_CENTROIDS, ds)
        train(tmp_path, ds, rows)


def train(tmp_path, ds, rows) -> None:
    """Save a fake model of `ds` with the manifest of a real one."""
    folder = Path(fake_model.save(tmp_path / "models" / f"fake-{ds}", ITEMS, rows))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest |= {
        "model_ds": str(ds), "data": {"events": 0}, "libraries": {"keras": "3"}, "seconds": 61.0, "metrics": {"epoch": 2, "validation_ndcg": 0.2},
        "history": [{"epoch": 1, "loss": 5.0, "validation_ndcg": 0.1, "seconds": 30.0}, {"epoch": 2, "loss": 4.0, "validation_ndcg": 0.2, "seconds": 30.0}],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _sequences(spark, ds, model_ds):
    rows = [fake_model.sequence(user, items, segment or 0) for user, (segment, items) in USERS.items() if user != "stray"]
    constants = {c.WINDOW: F.lit(0), c.TARGETS: F.expr("CAST(array() AS array<int>)"), c.SPLIT: F.lit(PUSH)}
    return spark.createDataFrame(rows, fake_model.SCHEMA).withColumns(constants | {c.MODEL_DAY: F.lit(model_ds), c.DAY: F.lit(ds)})


def frame(spark, table, rows):
    return spark.createDataFrame(rows, ", ".join(f"{name} {kind}" for name, kind in table.columns.items()))
