"""A lake in which every stage has written its night: what the report and the notebooks tell from."""

import fcntl
from functools import cache

from recsys import columns as c
from recsys import tables as t
from recsys.baselines.markov import Markov
from recsys.evaluation.costs import Cost
from recsys.lake import Lake
from recsys.pushes.popularity import BY_SEGMENT, MODEL
from recsys.split import PUSH
from tests.pushes import fake_model, shop

ATTRIBUTES = ("n_purchase", "spend", "days_since_purchase")
NDCG = {fake_model.NAME: 0.30, Markov.name: 0.20}


@cache
def whole_night(spark, folder, ds=shop.DS) -> Lake:
    """Every table of a night of the shop below `folder`/lake, small and made up; written once, by whichever process comes first, only to be read."""
    lake, written = Lake(spark, str(folder / "lake")), folder / "written"
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not written.exists():
            _write(spark, lake, folder, ds)
            written.touch()
    return lake


def _write(spark, lake, folder, ds) -> None:
    shop.open_shop(spark, lake, folder, ds)
    taken_in = shop.frame(spark, t.INGESTS, [("shop", "/in/log.csv", 9, 6, 2, 1, 0, "f00", 0)])
    lake.replace_where(taken_in, t.INGESTS, "source = 'shop'", of="shop")
    rejected = [("shop", "/in/log.csv", "a;b", reasons, None) for reasons in (["missing_user"], ["missing_user", "price_not_positive"])]
    lake.replace_where(shop.frame(spark, t.QUARANTINE, rejected), t.QUARANTINE, "source = 'shop'", of="shop")
    _users(spark, lake, ds)
    _learning(lake, ds)
    pushes = [
        (user, rank, item, 0.5 / rank, name, 1.0, origin, f"fake-{ds}", 0)
        for user, origin in (("ann", MODEL), ("bob", MODEL), ("new", BY_SEGMENT))
        for rank, (item, name) in enumerate([("milk", "Milk"), ("tea", "Tea & <b>cake</b>")], start=1)
    ]
    lake.replace_day(lake.frame(pushes, t.PUSHES, ds), t.PUSHES, ds)


def _users(spark, lake, ds) -> None:
    values = {"ann": (1.0, 2.5, 1.0), "bob": (2.0, 5.0, 1.0), "cid": (1.0, 2.5, 3.0), "new": (1.0, 2.5, 1.0)}
    schema = ", ".join([f"{c.USER} string", f"{c.SPLIT} string", *(f"{name} double" for name in ATTRIBUTES), f"{c.DAY} date"])
    features = spark.createDataFrame([(user, PUSH, *numbers, ds) for user, numbers in values.items()], schema)
    lake.replace_day(features, t.USER_FEATURES, ds)
    pairs = [
        ("n_purchase", "spend", 1.0, "dropped spend, kept n_purchase", True, False),
        ("n_purchase", "days_since_purchase", -0.4, "kept", True, True),
        ("spend", "days_since_purchase", -0.4, "kept", False, True),
        *((name, "n_browse", None, "constant: dropped n_browse", name != "spend", False) for name in ATTRIBUTES),
    ]
    lake.replace_day(lake.frame(pairs, t.CORRELATIONS, ds), t.CORRELATIONS, ds)
    bounds = [(0, "n_purchase", "log1p", 0.0, 2.0), (1, "days_since_purchase", "linear", 1.0, 3.0)]
    lake.replace_day(lake.frame(bounds, t.NORMALIZER, ds), t.NORMALIZER, ds)
    quality = [(2, 1, 0.5, 0.8, 0.0, 0.6, True), (3, 1, 0.4, 0.9, 0.1, 0.7, False)]
    lake.replace_day(lake.frame(quality, t.SEGMENT_QUALITY, ds), t.SEGMENT_QUALITY, ds)


def _learning(lake, ds) -> None:
    rows = [
        (method, "test", part, metric, length, scale * value * (1 + length / 100), 0.1, 0.5, value * 4, 4.0, 4, 1, None)
        for part, scale in (("all", 1), ("new", 0.1))
        for method, value in NDCG.items() for metric in ("f1", "precision", "recall", "hit_rate", "ndcg") for length in (5, 10)
    ]
    lake.replace_day(lake.frame(rows, t.EVALUATIONS, ds), t.EVALUATIONS, ds)
    ahead = [(fake_model.NAME, Markov.name, "test", "all", "f1", 5, 0.105, 1.5, 0.02, 0.2, 40)]
    lake.replace_day(lake.frame(ahead, t.COMPARISONS, ds), t.COMPARISONS, ds)
    costs = [Cost(method, stage, 1.5, 4, peak_bytes=2**30, added_bytes=2**20) for method in NDCG for stage in ("fit", "recommend")]
    costs += [Cost(method, "one_user", 1.5, 3, 1.0, 0.25, 0.25, 2**30, 0) for method in NDCG]
    lake.replace_day(lake.frame(costs, t.COSTS, ds), t.COSTS, ds)
