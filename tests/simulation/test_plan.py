from datetime import date

import pytest

from recsys.faults import BadSettings
from recsys.settings import SimulationSettings
from recsys.simulation.plan import _rows, _visits, opening, plan_of
from recsys.simulation.segments import Kind

DS = date(2020, 6, 28)  # a Sunday
KIND = Kind("k", share=1.0, gap=7, jitter=1, on_weekends=True, mornings=1.0, discoveries=2.0, staples=0.0, breadth=1, brand=0,
            collect=0.5, buy=0.5, comment=0.5, units=1)


def test_weekend_users_open_on_the_first_saturday_and_others_within_their_gap():
    assert list(opening(KIND, date(2020, 6, 24))) == [3]
    assert list(opening(KIND.__class__(**{**vars(KIND), "on_weekends": False, "gap": 3}), date(2020, 6, 24))) == [0, 1, 2]


def test_visits_are_counted_up_to_the_last_day_however_late_they_are():
    # from a Saturday on 15 days hold the days 0, 7, 14, and one day late 1, 8 only
    assert _visits(KIND, date(2020, 6, 20), 15) == (3 + 2) / 2


def test_rows_are_those_of_every_stage_of_the_funnel():
    # 4 discoveries, 2 collected, 1.94 in the cart, .97 bought, .485 commented of which the last visit's half never come
    assert _rows(KIND, 2.0) == pytest.approx(4 + 2 + 1.94 + 0.97 + 0.485 / 2)


def test_users_follow_from_the_events_and_more_events_of_as_many_users_make_each_busier():
    by_default = plan_of(SimulationSettings(), DS)
    assert by_default.scale == pytest.approx(1, abs=0.01) and 600 < by_default.users < 800
    assert plan_of(SimulationSettings(events=100_000, users=by_default.users), DS).scale == pytest.approx(2, abs=0.02)


def test_too_few_products_and_too_few_users_are_refused_with_what_would_do():
    with pytest.raises(BadSettings, match="simulation.products = 107 are too few for simulation.categories = 12.*give 108 or more"):
        plan_of(SimulationSettings(products=107), DS)  # 8 of a category, of which 7 are not new: one of each brand
    plan_of(SimulationSettings(products=108), DS)
    with pytest.raises(BadSettings, match="products = 1200 are too few .* simulation.cold = 0.95 of new products: give 1920 or more"):
        plan_of(SimulationSettings(cold=0.95), DS)
    plan_of(SimulationSettings(cold=0.95, products=1920), DS)
    with pytest.raises(BadSettings, match="simulation.cold = 1.0 leaves no user and no product"):
        plan_of(SimulationSettings(cold=1.0), DS)
    with pytest.raises(BadSettings, match="simulation.events = 50,000 of simulation.users = 2 would need visits of .* products"):
        plan_of(SimulationSettings(users=2), DS)
    with pytest.raises(BadSettings, match="would need 28 staples a user, each of another category, and simulation.categories = 12"):
        plan_of(SimulationSettings(events=500_000, users=500), DS)
