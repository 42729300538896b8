"""Item-to-item neighbours."""

from math import sqrt

import numpy as np
from pyspark.testing import assertDataFrameEqual
from sklearn.metrics.pairwise import cosine_similarity

from recsys import columns as c
from recsys.baselines.item_to_item import ItemToItem, neighbours, owned
from tests.baselines.logs import lists, log, users

_NEIGHBOURS = f"{c.ITEM} string, {c.NEIGHBOUR} string, {c.SIMILARITY} double"


def _pairs(spark, *pairs):
    return spark.createDataFrame(list(pairs), f"{c.USER} string, {c.ITEM} string")


def test_a_user_brings_in_the_latest_products_by_how_often_and_how_long_ago_they_were_touched(spark):
    events = log(spark, [("u", "a", 1), ("u", "b", 2), ("u", "a", 5), ("u", "d", 2), ("u", "d", 2), ("v", "z", 1)])
    expected = [("u", "a", 2.0), ("u", "d", 2 * 0.5 ** (3 / 2)), ("v", "z", 0.25)]
    found = owned(events, 2, half_life=2)
    assertDataFrameEqual(found, spark.createDataFrame(expected, f"{c.USER} string, {c.ITEM} string, strength double"))


def test_neighbours_share_users_and_few_shared_users_count_for_less(spark):
    # a: u v w, b: u v, d: w. Two of a and b in common, one of a and d; no one has both b and d.
    pairs = _pairs(spark, ("u", "a"), ("v", "a"), ("w", "a"), ("u", "b"), ("v", "b"), ("w", "d"))
    near, far = 2 / sqrt(3 * 2) * 2 / (2 + 1), 1 / sqrt(3 * 1) * 1 / (1 + 1)
    both_ways = [("a", "b", near), ("b", "a", near), ("a", "d", far), ("d", "a", far)]
    assertDataFrameEqual(neighbours(pairs, most=5, shrinkage=1), spark.createDataFrame(both_ways, _NEIGHBOURS))
    assertDataFrameEqual(neighbours(pairs, most=1, shrinkage=1), spark.createDataFrame(both_ways[:2] + both_ways[3:], _NEIGHBOURS))


def test_similarities_agree_with_scikit_learn_on_random_baskets(spark):
    has = np.random.default_rng(17).random((12, 8)) < 0.4
    pairs = _pairs(spark, *((f"u{user}", f"i{item}") for user, item in zip(*np.nonzero(has))))
    found = {(int(row[0][1:]), int(row[1][1:])): row[2] for row in neighbours(pairs, most=8, shrinkage=0).collect()}
    cosine = cosine_similarity(has.T.astype(float))
    expected = {(one, other): cosine[one, other] for one, other in zip(*np.nonzero(cosine)) if one != other}
    assert found.keys() == expected.keys() and all(abs(found[pair] - expected[pair]) < 1e-12 for pair in found)


def test_products_near_to_what_was_touched_often_come_first_and_own_ones_only_where_they_are_allowed(spark):
    # All of r, s have a and b, all of x, y have d and e; u touched a three times, d once.
    tastes = [(user, item, 1) for users_, items in (("rs", "ab"), ("xy", "de")) for user in users_ for item in items]
    events = log(spark, [*tastes, *[("u", "a", 1)] * 3, ("u", "d", 1)])
    for drop_seen, expected in ((False, "abde"), (True, "be")):
        method = ItemToItem(products=9, nearest=9, shrinkage=0, half_life=30, repeats=1, drop_seen=drop_seen)
        method.fit(events)
        told = method.recommend(users(spark, "u"), 9)
        assertDataFrameEqual(told, lists(spark, *(("u", item, rank) for rank, item in enumerate(expected, start=1))))
