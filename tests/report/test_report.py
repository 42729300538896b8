import json
from datetime import date
from pathlib import Path

import pytest

from recsys.lake import Lake
from recsys.night import Night
from recsys.report.report import subtitle
from recsys.report.sections.learning import training
from recsys.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]


def test_the_first_line_says_which_night_it_was_and_that_a_simulated_shop_is_one():
    simulated = load_settings(ROOT / "conf" / "simulated.yaml")
    today, yesterday = date(2017, 12, 30), date(2017, 12, 29)
    assert subtitle(Night(Lake(None, "unread"), simulated, today, today)) == "Pushes of 2017-12-30. Simulated data: a seeded program made the log."
    real = Settings(source="sources/my_shop.yaml")
    assert subtitle(Night(Lake(None, "unread"), real, today, yesterday)) == "Pushes of 2017-12-30 by the model of 2017-12-29"


@pytest.mark.parametrize(
    ("best", "ndcg", "stalled", "rising"), [(3, 0.1, False, True), (2, 0.1, False, False), (3, None, False, False), (3, 0.1, True, False)]
)
def test_a_training_whose_last_epoch_was_the_best_is_said_to_have_been_cut_short(tmp_path, best, ndcg, stalled, rising):
    ds = date(2017, 12, 30)
    metrics = {"validation_ndcg": ndcg, "epoch": best, "stalled": stalled}
    manifest = {"version": "m", "model_ds": str(ds), "seconds": 9, "history": [{}, {}, {}], "metrics": metrics}
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "manifest.json").write_text(json.dumps(manifest))
    told, *_ = training(Night(Lake(None, "unread"), Settings(source="shop.yaml", models=str(tmp_path)), ds, ds))
    assert ("It was still getting better when training.epochs or training.minutes were over" in told.text) == rising
