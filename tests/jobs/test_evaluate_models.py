"""The evaluation as a job: what it writes, again and again, and what a crash or a leak does to it."""

import json
import shutil
from functools import partial
from pathlib import Path

import evaluate_models
import pytest
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys import tables as t
from recsys.baselines.popularity import Popularity
from recsys.evaluation.compare import MethodsFailed
from recsys.evaluation.kept import Kept
from recsys.evaluation.leaks import refuse_leaks
from recsys.evaluation.sequence_model import makers
from recsys.evaluation.trial import hold_out
from recsys.faults import BadData
from recsys.job import Night
from recsys.lake import Lake
from recsys.pushes.scoring import BATCH_SIZE
from recsys.sequences.likeness import likenesses
from recsys.sequences.neighbours import neighbours
from recsys.sequences.rows import usable, with_roles
from recsys.sequences.trends import trends
from recsys.settings import EvaluationSettings, SequenceSettings, Settings, SplitSettings
from recsys.split import TEST, TRAIN
from tests.baselines.logs import day, log
from tests.jobs.declared import declared
from tests.pushes import fake_model

_DS = day(10)  # validation from day 7, test from day 9
# u and v come back for d in the test, x had it long before; the fake model recommends what follows the last product in a, b, d.
_EVENTS = [("u", "a", 1), ("u", "b", 2), ("v", "a", 3), ("u", "d", 9), ("v", "d", 10), ("w", "d", 10), ("x", "d", 1)]
_SPLIT = SplitSettings(test_days=2, validation_days=2)
_ATTRIBUTES = f"{c.USER} string, {c.SPLIT} string, n_browse double, n_purchase double, {c.DAY} date"


def run(night):
    evaluate_models.STAGE.run(declared(evaluate_models.STAGE, night))


def _makes(crashing):
    def make(keep):
        if crashing:
            raise RuntimeError("no memory left")
        return Popularity((c.PURCHASE,), False, keep)

    return {"control": make}


def _crashing(settings):
    return _makes(crashing=True)


def _working(settings):
    return _makes(crashing=False)


@pytest.fixture(scope="module")
def shop(spark, tmp_path_factory):
    """A folder with a lake and a model, complete enough to evaluate; to be copied, since tests write to it."""
    folder = tmp_path_factory.mktemp("shop")
    lake = Lake(spark, str(folder / "lake"))
    missing = {c.QUANTITY: "double", c.PRICE: "double", c.SOURCE: "string", c.SOURCE_FILE: "string"}
    events = log(spark, _EVENTS).withColumns({name: F.lit(None).cast(kind) for name, kind in missing.items()})
    lake.replace_where(events, t.EVENTS, "true", of="all")
    _write_sequences(spark, lake)
    lake.replace_day(lake.frame([("a", 1, 2, 2), ("b", 2, 1, 1), ("d", 3, 1, 1)], t.VOCABULARY, _DS), t.VOCABULARY, _DS)
    _write_counts(lake, lake.read(t.EVENTS))
    _write_users(spark, lake)
    lake.replace_day(lake.frame([(item, item, 1.0, "food", None, True) for item in "abd"], t.PRODUCTS, _DS), t.PRODUCTS, _DS)
    model = Path(fake_model.save(folder / "models" / "m1", ["a", "b", "d"], rows=BATCH_SIZE)) / "manifest.json"
    model.write_text(json.dumps(json.loads(model.read_text()) | {"model_ds": str(_DS), "seconds": 60.5}))
    return folder


@pytest.fixture
def night(spark, shop, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate_models, "makers", partial(makers, load=fake_model.loader()))
    shutil.copytree(shop, tmp_path / "shop")
    settings = Settings(
        source="shop.yaml", models=str(tmp_path / "shop" / "models"), split=_SPLIT,
        sequences=SequenceSettings(min_item_users=1),
        evaluation=EvaluationSettings(list_lengths=(1, 2), replicates=20, timed_users=0, timed_queries=0),
    )
    return Night(Lake(spark, str(tmp_path / "shop" / "lake")), settings, _DS, _DS)


def _write_counts(lake, events):
    roles, vocabulary = with_roles(events, _SPLIT, _DS), lake.read_day(t.VOCABULARY, _DS)
    lake.replace_day(neighbours(usable(roles, SequenceSettings()), (TRAIN, TEST), vocabulary, 32, _DS, _DS), t.NEIGHBOURS, _DS)
    lake.replace_day(likenesses(usable(roles, SequenceSettings()), (TRAIN, TEST), vocabulary, 20, _DS, _DS), t.LIKENESSES, _DS)
    lake.replace_day(trends(roles, (TRAIN, TEST), vocabulary, Settings(source="shop.yaml", split=_SPLIT), _DS, _DS), t.TRENDS, _DS)


def _write_features(spark, lake, of_u=2.0):
    features = [(user, split, 0.0, bought, _DS) for split in ("train", "test") for user, bought in (("u", of_u), ("v", 1.0), ("x", 1.0))]
    lake.replace_day(spark.createDataFrame(features, _ATTRIBUTES), t.USER_FEATURES, _DS)


def _write_users(spark, lake):
    """What the log gives until day 6, in which u buys twice, v and x once; none comes back until day 8."""
    _write_features(spark, lake)
    pair = ("n_browse", "n_purchase", None, "constant: dropped n_browse", False, True)
    lake.replace_day(lake.frame([pair], t.CORRELATIONS, _DS), t.CORRELATIONS, _DS)
    lake.replace_day(lake.frame([(0, "n_purchase", "log1p", 1.0, 2.0)], t.NORMALIZER, _DS), t.NORMALIZER, _DS)
    lake.replace_day(lake.frame([(0, [0.0], 2), (1, [1.0], 1)], t.SEGMENT_CENTROIDS, _DS), t.SEGMENT_CENTROIDS, _DS)
    segments = [(user, segment, 0.0, "test") for user, segment in (("u", 1), ("v", 0), ("x", 0))]
    lake.replace_day(lake.frame(segments, t.SEGMENTS, _DS), t.SEGMENTS, _DS)


def _write_sequences(spark, lake, of_u=(1, 2), **last_days):
    """Of each split windows that end on such a day of January; by default the last that it may look at."""
    rows = spark.createDataFrame([fake_model.sequence("u", of_u), fake_model.sequence("v", [1])], fake_model.SCHEMA)
    ends = F.create_map(*(F.lit(part) for split, last in ({"train": 6, "validation": 6, "test": 8} | last_days).items() for part in (split, day(last))))
    dated = rows.select("*", F.explode(ends).alias(c.SPLIT, "end")).withColumns({
        c.WINDOW: F.lit(0), c.TARGETS: F.array(F.lit(0)), c.MODEL_DAY: F.lit(_DS), c.DAY: F.lit(_DS), c.DAYS: F.array(F.unix_date("end")),
    })
    lake.replace_day(dated.drop("end"), t.SEQUENCES, _DS)


def _f1(spark, lake):
    rows = lake.read(t.EVALUATIONS).where((F.col(c.METRIC) == "f1") & (F.col(c.SLICE) == "all"))
    return rows.select(c.METHOD, c.SPLIT, c.LIST_LENGTH, F.round(c.VALUE, 6).alias(c.VALUE), c.USERS, c.DAY)


def test_a_crash_costs_the_others_nothing_and_the_next_run_replaces_all_that_was_there(spark, night, monkeypatch):
    # Both like d. The model tells u (a b): d a, and v (a): b d. Popularity, a before b, never saw d sold.
    old = ("old", "control", "test", "all", "hit_rate", 1, 0.1, None, 0.0, 0.2, 2)
    night.lake.replace_day(night.lake.frame([old], t.COMPARISONS, _DS), t.COMPARISONS, _DS)
    monkeypatch.setattr(evaluate_models, "baselines", _crashing)
    with pytest.raises(MethodsFailed, match="control: RuntimeError no memory left"):
        run(night)
    assert {row[c.METHOD] for row in night.lake.read(t.EVALUATIONS).collect()} == {fake_model.NAME}
    assert night.lake.read(t.COMPARISONS).isEmpty()

    monkeypatch.setattr(evaluate_models, "baselines", _working)
    run(night)
    expected = spark.createDataFrame([
        (fake_model.NAME, "test", 1, (1 + 0) / 2, 2, _DS), (fake_model.NAME, "test", 2, round(2 / 3, 6), 2, _DS),
        ("control", "test", 1, 0.0, 2, _DS), ("control", "test", 2, 0.0, 2, _DS),
    ], f"{c.METHOD} string, {c.SPLIT} string, {c.LIST_LENGTH} int, {c.VALUE} double, {c.USERS} bigint, {c.DAY} date")
    assertDataFrameEqual(_f1(spark, night.lake), expected)
    stages = [(fake_model.NAME, "train"), *((name, stage) for name in (fake_model.NAME, "control") for stage in ("fit", "recommend"))]
    assertDataFrameEqual(night.lake.read(t.COSTS).select(c.METHOD, c.STAGE), spark.createDataFrame(stages, [c.METHOD, c.STAGE]))
    trained = night.lake.read(t.COSTS).where(F.col(c.STAGE) == "train").first()
    assert (trained[c.SECONDS], trained[c.ROWS]) == (60.5, 2)
    ahead = night.lake.read(t.COMPARISONS).where((F.col(c.METRIC) == "hit_rate") & (F.col(c.LIST_LENGTH) == 1)).collect()
    assert {(row[c.METHOD], row[c.AGAINST], row[c.SLICE], row[c.DIFFERENCE], row[c.RATIO]) for row in ahead} == {
        (fake_model.NAME, "control", name, value, None)
        for name, value in (("all", 0.5), ("segment 0", 0.0), ("segment 1", 1.0), ("few_events", 0.5), ("new", 0.5))
    }


@pytest.fixture(scope="module")
def trial(spark, shop):
    held = Kept()
    yield hold_out(Lake(spark, str(shop / "lake")).read(t.EVENTS), _SPLIT, EvaluationSettings(), _DS).held(held)
    held.release()


def look(night, trial):
    """The gate of the job alone, as the lake is now."""
    night = declared(evaluate_models.STAGE, night)
    refuse_leaks(night, trial, night.lake.read_day(t.SEQUENCES, _DS).where(F.col(c.SPLIT) == TEST))


_BEYOND = "sequences holds events .* the first of them .*'split': '{}'"


def test_what_was_fitted_on_the_training_period_alone_passes_the_gate_and_sequences_that_look_beyond_it_do_not(spark, night, trial):
    look(night, trial)
    for split in ("train", "validation"):
        _write_sequences(spark, night.lake, **{split: 7})
        with pytest.raises(BadData, match=_BEYOND.format(split)):
            look(night, trial)


def test_sequences_that_look_beyond_their_split_stop_the_job_before_anything_is_written(spark, night):
    _write_sequences(spark, night.lake, test=9)
    with pytest.raises(BadData, match=_BEYOND.format("test")):
        run(night)
    assert not night.lake.exists(t.EVALUATIONS)


def test_what_was_fitted_on_more_than_the_training_period_stops_the_job_before_anything_is_written(spark, night, trial):
    lake = night.lake
    leaks = [
        (t.SEGMENTS, [("u", 0, 0.0, "test")]), (t.SEGMENT_CENTROIDS, [(0, [0.0], 2), (1, [1.0], 2)]),
        (t.NORMALIZER, [(0, "n_purchase", "log1p", 1.0, 3.0)]), (t.CORRELATIONS, [("n_browse", "n_purchase", 0.5, "constant: dropped n_browse", False, True)]),
        (t.USER_FEATURES, partial(_write_features, spark, of_u=3.0)), (t.SEQUENCES, partial(_write_sequences, spark, of_u=[1, 3])),  # with the d of day 9
        (t.TRENDS, [(1, 9, _DS, TEST)]), (t.LIKENESSES, [(1, [2] + [0] * 19, [0.9] + [0.0] * 19, _DS, TEST)]), (t.NEIGHBOURS, [(1, [2, 3] + [0] * 30, [2.0, 0.5] + [0.0] * 30, _DS, TEST)]),
        (t.VOCABULARY, [("a", 1, 2, 2), ("b", 2, 1, 1), ("d", 3, 4, 4)]),
    ]  # what is looked at last comes first, so that each is found although the others are still there
    for table, rows in leaks:
        rows(lake) if callable(rows) else lake.replace_day(lake.frame(rows, table, _DS), table, _DS)
        with pytest.raises(BadData, match=f"The table {table.name} is not what the past alone gives"):
            look(night, trial)
    with pytest.raises(BadData, match="The table vocabulary is not what the past alone gives"):
        run(night)
    assert not lake.exists(t.EVALUATIONS)
