from datetime import date
from pathlib import Path

from recsys.lake import Lake
from recsys.night import Night
from recsys.report.report import subtitle
from recsys.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]


def test_the_first_line_says_which_night_it_was_and_that_a_simulated_shop_is_one():
    simulated = load_settings(ROOT / "conf" / "simulated.yaml")
    today, yesterday = date(2017, 12, 30), date(2017, 12, 29)
    assert subtitle(Night(Lake(None, ""), simulated, today, today)) == "Pushes of 2017-12-30. Simulated data: a seeded program made the log."
    real = Settings(source="sources/my_shop.yaml")
    assert subtitle(Night(Lake(None, ""), real, today, yesterday)) == "Pushes of 2017-12-30 by the model of 2017-12-29"
