from math import sqrt

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from recsys import columns as c
from recsys.sequences.likeness import SHRINKAGE, likenesses
from recsys.split import BY_CHANCE, PUSH, TEST, TRAIN
from recsys.tables import LIKENESSES
from tests.sequences.test_neighbours import DAY_BEFORE, DS, PRODUCTS, found, shop


def alike(both, one, other):
    return pytest.approx(both / sqrt(one * other) * both / (both + SHRINKAGE))


def test_products_are_alike_that_the_same_users_have_in_what_a_split_sees(spark):
    events, vocabulary = shop(spark, [
        ("ann", 1, 1, "train"), ("ann", 2, 1, "train"), ("ann", 3, 2, "train"), ("ann", 4, 3, "validation"), ("ann", 5, 0, "train"),
        ("bob", 1, 1, "train"), ("bob", 2, 2, "validation"), ("cyd", 1, 4, "train"), ("cyd", 2, 1, "test"),
    ])
    rows = likenesses(events, (TRAIN, TEST, PUSH), vocabulary, kept=2, ds=DS, model_ds=DAY_BEFORE)
    assert rows.columns == [*LIKENESSES.columns] and rows.select(c.MODEL_DAY, c.DAY).first() == (DAY_BEFORE, DS)
    assert found(rows) == {
        (TRAIN, 1): {2: alike(1, 2, 1)}, (TRAIN, 2): {1: alike(1, 2, 1)},
        (TEST, 1): {2: alike(2, 2, 2), 3: alike(1, 2, 1)}, (TEST, 2): {1: alike(2, 2, 2), 3: alike(1, 2, 1)},
        (TEST, 3): {1: alike(1, 2, 1), 2: alike(1, 2, 1)},
        (PUSH, 1): {2: alike(2, 3, 2), 3: alike(1, 3, 1)}, (PUSH, 2): {1: alike(2, 3, 2), 3: alike(1, 2, 1)},
        (PUSH, 3): {2: alike(1, 2, 1), 1: alike(1, 3, 1)}, (PUSH, 4): {1: alike(1, 1, 3)},
    }


def test_of_a_user_the_latest_products_count_in_each_split_those_of_its_own(spark):
    events, vocabulary = shop(spark, [("ann", minute, index, role) for minute, index, role in ((1, 1, "train"), (2, 2, "train"), (3, 3, "train"), (4, 1, "test"))])
    rows = likenesses(events, (TRAIN, PUSH), vocabulary, kept=2, ds=DS, model_ds=DS, most=2)
    assert found(rows) == {(TRAIN, 2): {3: alike(1, 1, 1)}, (TRAIN, 3): {2: alike(1, 1, 1)}, (PUSH, 1): {3: alike(1, 1, 1)}, (PUSH, 3): {1: alike(1, 1, 1)}}


def test_in_a_random_split_hidden_events_are_of_no_account(spark):
    events, vocabulary = shop(spark, [("ann", 1, 1, "train"), ("ann", 2, 2, "test"), ("ann", 3, 3, "train")])
    rows = likenesses(events.withMetadata(c.ROLE, {BY_CHANCE: True}), (TRAIN,), vocabulary, kept=3, ds=DS, model_ds=DS)
    assert found(rows) == {(TRAIN, 1): {3: alike(1, 1, 1)}, (TRAIN, 3): {1: alike(1, 1, 1)}}


def test_likenesses_agree_with_scikit_learn_and_a_sample_is_a_part_of_the_whole(spark):
    has = np.random.default_rng(17).random((40, PRODUCTS)) < 0.4
    events, vocabulary = shop(spark, [(f"u{user}", int(index), int(index) + 1, "train") for user, index in zip(*np.nonzero(has))])
    both, cosine = has.T.astype(float) @ has, cosine_similarity(has.T.astype(float))
    expected = cosine * both / (both + SHRINKAGE)
    whole = found(likenesses(events.repartition(3), (TRAIN,), vocabulary, PRODUCTS, DS, DS))
    for (_, product), others in whole.items():
        assert others == {other: pytest.approx(expected[product - 1, other - 1]) for other in np.flatnonzero(both[product - 1]) + 1 if other != product}
    sample = found(likenesses(events, (TRAIN,), vocabulary, PRODUCTS, DS, DS, every=4))
    assert sample == {key: value for key, value in whole.items() if key[1] % 4 == 1} and sample
