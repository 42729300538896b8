import keras
import numpy as np

from recsys.models.conditions import LATER_VISIT, NEXT_EVENT, behaviour_code
from recsys.models.targets import ORDER, PLACES, draw_targets, wanted_places


def test_with_no_share_of_later_visits_every_event_is_followed_by_the_next(batch):
    drawn = draw_targets(batch, later_share=0.0, horizon_days=28, seed=keras.random.SeedGenerator(1))
    np.testing.assert_array_equal(drawn.items, [[2, 3, 4, 5, 6, 0], [8, 9, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
    np.testing.assert_array_equal(drawn.weight, [[1, 1, 1, 1, 1, 0], [1, 1, 0, 0, 0, 0], [0] * 6])
    assert (np.asarray(drawn.condition) == NEXT_EVENT).all()


def test_later_targets_come_from_later_visits_within_the_horizon_else_the_next_event(batch):
    drawn = draw_targets(batch, later_share=1.0, horizon_days=5, seed=keras.random.SeedGenerator(1))
    items, condition = np.asarray(drawn.items), np.asarray(drawn.condition)
    assert items[0, 0] in (3, 4) and items[0, 1] in (3, 4) and items[0, 2] == 4  # day 60 is too far ahead
    np.testing.assert_array_equal(condition[0], [LATER_VISIT] * 3 + [NEXT_EVENT] * 3)
    np.testing.assert_array_equal(items[0, 3:], [5, 6, 0])


def test_every_later_event_within_the_horizon_can_be_drawn(batch):
    seed = keras.random.SeedGenerator(1)
    seen = {int(np.asarray(draw_targets(batch, 1.0, 100, seed).items)[0, 0]) for _ in range(60)}
    assert seen == {3, 4, 5, 6}


def test_rows_of_weight_zero_have_no_targets(batch):
    batch["length"][2], batch["items"][2] = 6, 5
    assert (np.asarray(draw_targets(batch, 0.5, 28, keras.random.SeedGenerator(1)).weight)[2] == 0).all()


def test_a_repurchase_is_asked_for_as_a_purchase():
    assert [behaviour_code(name) for name in (None, "browse", "purchase", "repurchase", "comment")] == [0, 1, 4, 4, 6]


def test_the_places_with_a_target_are_all_but_the_last_of_each_window(batch):
    found = wanted_places(batch)
    assert list(found[PLACES]) == [0, 1, 2, 3, 4, 6, 7]
    np.testing.assert_array_equal(found[ORDER], [[0, 1, 2, 3, 4, 0], [5, 6, 0, 0, 0, 0], [0] * 6])
    assert list(wanted_places({"items": np.ones((2, 3), int), "length": np.array([1, 0])})[PLACES]) == [0]
