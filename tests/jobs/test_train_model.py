from datetime import date, timedelta
from pathlib import Path

import numpy as np
import train_model
from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.job import Night
from recsys.pushes.scoring import top_items
from recsys.settings import Settings
from recsys.split import PUSH, TRAIN
from recsys.training.artifact import artifact_for, load_artifact
from tests.jobs.declared import declared
from tests.training.conftest import DS, LENGTH, MEMORY, PRODUCTS, circle_batch, write_circle  # noqa: F401

_MODEL = "name: circle\nwidth: 8\nhead_width: 16\ndropout: 0.0\nlater_share: 0.0\n"


def train(night):
    train_model.STAGE.run(declared(train_model.STAGE, night))


def filled(lake, table: t.Table, **columns):
    """One row of `table` for each value of `columns`, other columns null."""
    count = len(next(iter(columns.values())))
    rows = [tuple(columns[name][row] if name in columns else DS if name == c.DAY else None for name in table.columns) for row in range(count)]
    schema = ", ".join(f"{name} {kind}" for name, kind in table.columns.items())
    lake.replace_day(lake.spark.createDataFrame(rows, schema), table, DS)


def test_a_training_night_saves_a_model_that_says_what_it_was_made_from(lake, tmp_path, circle_batch):  # noqa: F811
    (tmp_path / "circle.yaml").write_text(_MODEL)
    write_circle(lake, users=20)
    filled(lake, t.EVENTS, event_id=["e1"])
    filled(lake, t.VOCABULARY, item_id=[f"p{index}" for index in range(1, PRODUCTS + 1)], item_index=range(1, PRODUCTS + 1), events=[13] * PRODUCTS)
    filled(lake, t.LIKENESSES, item_index=[2, 2], items=[[5, 6], [7, 8]], counts=[[0.5, 0.25]] * 2, split=[TRAIN, PUSH], model_ds=[DS, DS])
    filled(lake, t.TRENDS, item_index=[3, 4], users=[5, 7], split=[TRAIN, PUSH], model_ds=[DS, DS])
    filled(lake, t.NORMALIZER, attribute=["spend", "visits"], position=[0, 1])
    filled(lake, t.SEGMENT_CENTROIDS, segment=[1, 0], centroid=[[1.0], [0.0]])
    settings = Settings(
        source="sources/shop.yaml", models=str(tmp_path / "models"), folder=str(tmp_path), sequences={"length": LENGTH, "memory": MEMORY},
        split={"kind": "leave_one_out"}, evaluation={"relevant": ("browse", "purchase")},
        training={"model": "circle.yaml", "batch_size": 4, "epochs": 24, "learning_rate": 0.02, "patience": 9},
    )
    train(Night(lake, settings, DS, DS))

    folder = artifact_for(settings.models, DS)
    artifact = load_artifact(folder)
    assert artifact.manifest["data"] == {"events": 0, "sequences": 0, "neighbours": 0, "likenesses": 0, "trends": 0, "vocabulary": 0, "normalizer": 0, "segment_centroids": 0}
    assert [row["attribute"] for row in artifact.manifest["normalizer"]] == ["spend", "visits"]
    assert artifact.manifest["centroids"] == [[0.0], [1.0]]
    alike = np.array(artifact.model.taste_path.items)
    assert alike[2, :3].tolist() == [5, 6, 0] and np.count_nonzero(alike) == 2
    np.testing.assert_array_equal(np.array(artifact.model.trends.lately), 5.0 * (np.arange(PRODUCTS + 1) == 3))
    assert artifact.manifest["metrics"]["validation_ndcg"] == max(epoch["validation_ndcg"] for epoch in artifact.manifest["history"])
    assert artifact.manifest["rows"] == {"train": 20, "validation": 7}
    assert artifact.manifest["memory"]["peak_bytes"] > artifact.manifest["memory"]["added_bytes"] > 2**20
    likeliest, scores = artifact.top(circle_batch, 1, None, None)
    np.testing.assert_array_equal(artifact.items[likeliest[:, 0]], ["p9", "p10", "p11", "p12"])
    assert [path.name for path in Path(settings.models).iterdir()] == [Path(folder).name]  # no checkpoint is left

    same = lake.read_day(t.SEQUENCES, DS).where((F.col(c.SPLIT) == TRAIN) & F.col(c.USER).isin("u0", "u1", "u2", "u3"))  # as in the batch
    listed = {row[c.USER]: row for row in top_items(same, folder, n=1).collect()}  # in a Python worker of Spark
    assert [listed[f"u{user}"][c.ITEM] for user in range(4)] == list(artifact.items[likeliest[:, 0]])
    np.testing.assert_allclose([listed[f"u{user}"][c.SCORE] for user in range(4)], scores[:, 0], rtol=1e-4)


def test_a_night_that_only_pushes_trains_nothing(lake, tmp_path):
    settings = Settings(source="sources/shop.yaml", models=str(tmp_path / "models"))
    train(Night(lake, settings, date(2024, 3, 2), date(2024, 3, 2) - timedelta(days=1)))
    assert not Path(settings.models).exists()
