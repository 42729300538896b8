import numpy as np

from recsys.users.correlation import Pair, correlations, retained
from recsys.users.moments import Moments

NAMES = ["visits", "spend", "flat", "recency"]
# spend is ten times visits, recency is unrelated to both (r = 0), flat never changes
USERS = np.array([[1.0, 10.0, 5.0, 1.0], [2.0, 20.0, 5.0, 3.0], [3.0, 30.0, 5.0, 3.0], [4.0, 40.0, 5.0, 1.0]])


def test_every_pair_is_a_row_with_what_became_of_both():
    assert correlations(Moments.of(USERS), NAMES, threshold=0.9) == [
        Pair("visits", "spend", 1.0, "dropped spend, kept visits", True, False),
        Pair("visits", "flat", None, "constant: dropped flat", True, False),
        Pair("visits", "recency", 0.0, "kept", True, True),
        Pair("spend", "flat", None, "constant: dropped flat", False, False),
        Pair("spend", "recency", 0.0, "kept", False, True),
        Pair("flat", "recency", None, "constant: dropped flat", False, True),
    ]


def test_retained_attributes_keep_their_order_and_need_no_order_of_pairs():
    pairs = correlations(Moments.of(USERS), NAMES, threshold=0.9)
    assert retained(reversed(pairs), NAMES) == ["visits", "recency"]


def test_opposite_attributes_are_integrated_too():
    pairs = correlations(Moments.of(USERS[:, :2] * [1.0, -1.0]), ["near", "far"], threshold=0.95)
    assert pairs == [Pair("near", "far", -1.0, "dropped far, kept near", True, False)]


def test_an_attribute_is_not_dropped_for_one_that_was_itself_dropped():
    # a~b and b~c reach the threshold, a~c does not: b goes for a, and c stays since only b resembles it
    a = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    wobble = np.array([1.0, -1.0, 0.0, 0.0, -1.0, 1.0])
    block = np.column_stack([a, a + 0.8 * wobble, a + 1.6 * wobble])
    pairs = correlations(Moments.of(block), ["a", "b", "c"], threshold=0.9)
    assert [(round(pair.correlation, 3), pair.decision) for pair in pairs] == [
        (0.934, "dropped b, kept a"), (0.794, "kept"), (0.959, "dropped b, kept c"),
    ]
    assert retained(pairs, ["a", "b", "c"]) == ["a", "c"]


def test_the_threshold_itself_integrates():
    pairs = correlations(Moments.of(USERS[:, :2]), ["visits", "spend"], threshold=1.0)
    assert retained(pairs, ["visits", "spend"]) == ["visits"]
