import json
import os
from dataclasses import asdict
from datetime import date

import numpy as np
import pytest

from recsys.faults import BadData, MissingTable
from recsys.models.conditions import NEXT_EVENT
from recsys.models.definition import ModelDefinition
from recsys.models.factory import make_model
from recsys.models.follows import Follows
from recsys.sequences.shape import OF_EVENTS, OF_MEMORY, WindowShape
from recsys.training.artifact import artifact_for, load_artifact, save_artifact
from tests.training.conftest import LENGTH, MEMORY, PRODUCTS

SHAPE = WindowShape(LENGTH, MEMORY, 2)
DEFINITION = ModelDefinition(name="circle", width=8, head_width=16)


@pytest.fixture
def models(tmp_path):
    model = make_model(DEFINITION, SHAPE, PRODUCTS, segments=2)
    weights = {weight.path: np.array(weight) for weight in model.kept}
    manifest = {"model_ds": "2024-03-01", "definition": asdict(DEFINITION), "shape": asdict(SHAPE), "segments": 2, "condition": NEXT_EVENT}
    save_artifact(str(tmp_path), "circle-1", manifest, ["", *(f"p{index}" for index in range(1, PRODUCTS + 1))], weights)
    return tmp_path


def test_a_saved_model_scores_as_before_and_lists_the_likeliest_first(models, circle_batch):
    artifact = load_artifact(artifact_for(str(models), date(2024, 3, 1)))
    indices, scores = artifact.top(circle_batch, PRODUCTS, None, None)
    bare = np.asarray(artifact.model({name: circle_batch[name] for name in SHAPE.columns()}, condition=NEXT_EVENT, behaviour=0))
    np.testing.assert_allclose(scores, -np.sort(-bare[:, 1:], axis=1), rtol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(bare, indices, axis=1), scores, rtol=1e-5)
    assert artifact.items[3] == "p3" and artifact.version == "circle-1"


def test_arrays_cut_to_what_is_filled_give_the_same_lists(models, circle_batch):
    artifact = load_artifact(artifact_for(str(models), date(2024, 3, 1)))
    wide = circle_batch | {name: np.pad(circle_batch[name], ((0, 0), (0, 9))) for name in OF_EVENTS + OF_MEMORY}
    (indices, scores), (of_wide, scores_of_wide) = (artifact.top(batch, PRODUCTS, [np.array([4])] * 4, None) for batch in (circle_batch, wide))
    np.testing.assert_array_equal(indices, of_wide)
    np.testing.assert_allclose(scores, scores_of_wide, rtol=1e-5)


def test_banned_products_are_left_out_and_index_0_says_that_nothing_is_left(models, circle_batch):
    artifact = load_artifact(str(models / "circle-1"))
    banned = [np.array([1, 2]), np.arange(1, PRODUCTS + 1), np.array([], int), np.array([5])]
    indices, scores = artifact.top(circle_batch, PRODUCTS, banned, "purchase")
    assert set(indices[0]) == {0, *range(3, PRODUCTS + 1)} and list(indices[0][-2:]) == [0, 0]
    assert (indices[1] == 0).all() and (scores[1] == 0).all()
    assert set(indices[2]) == set(range(1, PRODUCTS + 1)) and 5 not in indices[3]


def test_lists_with_and_without_what_is_banned_are_those_of_two_looks(models, circle_batch):
    artifact = load_artifact(str(models / "circle-1"))
    banned = [np.array([1, 2]), np.arange(1, PRODUCTS + 1), np.array([], int), np.array([5])]
    for found, asked in zip(artifact.tops(circle_batch, 5, banned, "purchase"), (None, banned), strict=True):
        np.testing.assert_array_equal(found, artifact.top(circle_batch, 5, asked, "purchase")[0])


def test_what_nobody_may_get_is_left_out_for_all_beside_what_each_must_not_get(models, circle_batch):
    artifact = load_artifact(str(models / "circle-1"))
    never = np.isin(np.arange(PRODUCTS + 1), [3, 4])
    for banned in (None, [np.array([5])] * 4):
        indices, _ = artifact.top(circle_batch, PRODUCTS, banned, None, never)
        left = set(range(1, PRODUCTS + 1)) - {3, 4} - ({5} if banned else set())
        assert [set(row) - {0} for row in indices] == [left] * 4


def test_newcomers_are_listed_by_their_names(models, circle_batch):
    near, counts = np.zeros((PRODUCTS + 2, 2), np.int32), np.zeros((PRODUCTS + 2, 2), np.float32)
    last = circle_batch["items"][:, -1]
    near[last, 0], counts[last, 0] = PRODUCTS + 1, 5.0
    artifact = load_artifact(str(models / "circle-1"))
    without = artifact.top(circle_batch, 1, None, None)
    artifact.count_anew(Follows(near, counts, newcomers=("fresh",)))
    indices, _ = artifact.top(circle_batch, PRODUCTS + 1, None, None)
    assert artifact.items[PRODUCTS + 1] == "fresh" and len(artifact.items) == PRODUCTS + 2
    assert without[0].max() <= PRODUCTS and all(set(row) == set(range(1, PRODUCTS + 2)) for row in indices)
    never = artifact.items == "fresh"
    assert artifact.top(circle_batch, PRODUCTS, None, None, never)[0].max() == PRODUCTS


def test_a_changed_file_is_refused_by_name(models):
    path = models / "circle-1" / "items.json"
    path.write_text(json.dumps(["", "other"]))
    with pytest.raises(BadData, match="items.json is not the file"):
        load_artifact(str(models / "circle-1"))


def test_a_day_without_a_model_is_told_with_the_job_to_run(models):
    with pytest.raises(MissingTable, match="No model of 2024-04-01 .* jobs/train_model.py --ds 2024-04-01"):
        artifact_for(str(models), date(2024, 4, 1))


def test_of_two_models_of_a_day_the_one_trained_last_is_used(models):
    manifest = json.loads((models / "circle-1" / "manifest.json").read_text())
    weights = dict(np.load(models / "circle-1" / "weights.npz"))
    save_artifact(str(models), "another", manifest, json.loads((models / "circle-1" / "items.json").read_text()), weights)
    os.utime(models / "circle-1" / "manifest.json", (1, 1))
    assert artifact_for(str(models), date(2024, 3, 1)).endswith("another")


def test_what_a_kill_left_of_a_model_is_not_looked_at(models):
    for leftover in (".circle-1.partial", ".circle-0.replaced"):
        (models / leftover).mkdir()
        (models / leftover / "manifest.json").write_text('{"version": "circ')
    assert artifact_for(str(models), date(2024, 3, 1)) == str(models / "circle-1")
