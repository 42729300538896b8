"""The evaluation as a job: what it writes, again and again, and what a crash or a leak does to it."""

import json
from pathlib import Path

import pytest
from evaluate_models import run
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

import evaluate_models
from recsys import columns as c
from recsys import tables as t
from recsys.baselines.popularity import Popularity
from recsys.evaluation.compare import MethodsFailed
from recsys.evaluation.sequence_model import SequenceModel
from recsys.faults import BadData
from recsys.job import Night
from recsys.pushes.scoring import BATCH_SIZE
from recsys.settings import EvaluationSettings, Settings, SplitSettings
from tests.baselines.logs import day, log
from tests.pushes import fake_model

_DS = day(10)  # test from day 9
# u and v come back for d in the test; the fake model recommends what follows the last product in a, b, d.
_EVENTS = [("u", "a", 1), ("u", "b", 2), ("v", "a", 3), ("u", "d", 9), ("v", "d", 10), ("w", "d", 10)]


class FakeModel(SequenceModel):
    def __init__(self, *arguments):
        super().__init__(*arguments, load=fake_model.loader())


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


@pytest.fixture
def night(spark, lake, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate_models, "SequenceModel", FakeModel)
    missing = {c.QUANTITY: "double", c.PRICE: "double", c.RATING: "double", c.SOURCE: "string", c.SOURCE_FILE: "string"}
    events = log(spark, _EVENTS).withColumns({name: F.lit(None).cast(kind) for name, kind in missing.items()})
    lake.replace_where(events, t.EVENTS, "true", of="all")
    _write_sequences(spark, lake, last_day=8)
    vocabulary = spark.createDataFrame([("a", 1), ("b", 2), ("d", 3)], f"{c.ITEM} string, {c.ITEM_INDEX} int")
    counts = {c.EVENTS: F.lit(1).cast("bigint"), c.USERS: F.lit(1).cast("bigint"), c.DAY: F.lit(_DS)}
    lake.replace_day(vocabulary.withColumns(counts), t.VOCABULARY, _DS)
    model = Path(fake_model.save(tmp_path / "models" / "m1", ["a", "b", "d"], rows=BATCH_SIZE)) / "manifest.json"
    model.write_text(json.dumps(json.loads(model.read_text()) | {"model_ds": str(_DS), "seconds": 60.5}))
    settings = Settings(
        source="shop.yaml", models=str(tmp_path / "models"), split=SplitSettings(test_days=2, validation_days=2),
        evaluation=EvaluationSettings(list_lengths=(1, 2)),
    )
    return Night(lake, settings, _DS, _DS)


def _write_sequences(spark, lake, last_day):
    rows = spark.createDataFrame([fake_model.sequence("u", [1, 2]), fake_model.sequence("v", [1])], fake_model.SCHEMA)
    dated = rows.withColumns({
        c.WINDOW: F.lit(0), c.TARGETS: F.array(F.lit(0)), c.SPLIT: F.lit("test"), c.DAY: F.lit(_DS),
        c.DAYS: F.array(F.unix_date(F.lit(day(last_day)))),
    })
    lake.replace_day(dated, t.SEQUENCES, _DS)


def _f1(spark, lake):
    rows = lake.read(t.EVALUATIONS).where(F.col(c.METRIC) == "f1")
    return rows.select(c.METHOD, c.SPLIT, c.LIST_LENGTH, F.round(c.VALUE, 9).alias(c.VALUE), c.USERS, c.DAY)


def test_model_and_controls_are_judged_alike_and_twice_is_once(spark, night, monkeypatch):
    # Both like d. The model tells u (a b): d a, and v (a): b d. Popularity, a before b, never saw d sold.
    monkeypatch.setattr(evaluate_models, "baselines", _working)
    run(night)
    run(night)
    expected = spark.createDataFrame([
        ("sequence_model", "test", 1, (1 + 0) / 2, 2, _DS), ("sequence_model", "test", 2, round(2 / 3, 9), 2, _DS),
        ("control", "test", 1, 0.0, 2, _DS), ("control", "test", 2, 0.0, 2, _DS),
    ], f"{c.METHOD} string, {c.SPLIT} string, {c.LIST_LENGTH} int, {c.VALUE} double, {c.USERS} bigint, {c.DAY} date")
    assertDataFrameEqual(_f1(spark, night.lake), expected)
    stages = [("sequence_model", "train"), *((name, stage) for name in ("sequence_model", "control") for stage in ("fit", "recommend"))]
    assertDataFrameEqual(night.lake.read(t.COSTS).select(c.METHOD, c.STAGE), spark.createDataFrame(stages, [c.METHOD, c.STAGE]))
    trained = night.lake.read(t.COSTS).where(F.col(c.STAGE) == "train").first()
    assert (trained[c.SECONDS], trained[c.ROWS]) == (60.5, 2)


def test_a_crash_of_one_method_fails_the_job_after_the_others_were_written(spark, night, monkeypatch):
    monkeypatch.setattr(evaluate_models, "baselines", _crashing)
    with pytest.raises(MethodsFailed, match="control: RuntimeError no memory left"):
        run(night)
    assert {row[c.METHOD] for row in night.lake.read(t.EVALUATIONS).collect()} == {"sequence_model"}


def test_sequences_made_with_other_settings_of_split_stop_the_job_before_anything_is_written(spark, night, monkeypatch):
    monkeypatch.setattr(evaluate_models, "baselines", _working)
    _write_sequences(spark, night.lake, last_day=9)
    with pytest.raises(BadData, match="sequences.*holds events of the test period"):
        run(night)
    assert not night.lake.exists(t.EVALUATIONS)
