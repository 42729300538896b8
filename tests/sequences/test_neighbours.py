from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from recsys import columns as c
from recsys.faults import BadData
from recsys.models.follows import Follows, count_follows
from recsys.sequences.neighbours import follows_of, leaders, neighbours
from recsys.split import BY_CHANCE, PUSH, TEST, TRAIN
from recsys.tables import LIKENESSES, NEIGHBOURS, TRENDS

DS, DAY_BEFORE = date(1970, 1, 9), date(1970, 1, 8)
PRODUCTS = 12
EVENTS = f"{c.USER} string, {c.TIME} timestamp, {c.EVENT_ID} string, {c.ITEM} string, {c.ROLE} string"


def shop(spark, events):
    """`events`: a user, the minute, the index of the product (0 for one that has none) and the role."""
    rows = [
        (user, datetime(1970, 1, 1) + timedelta(minutes=minute), f"e{place:04}", f"p{index}", role)
        for place, (user, minute, index, role) in enumerate(events)
    ]
    vocabulary = spark.createDataFrame([(f"p{index}", index) for index in range(1, PRODUCTS + 1)], f"{c.ITEM} string, {c.ITEM_INDEX} int")
    return spark.createDataFrame(rows, EVENTS), vocabulary


def found(rows):
    """By split and product, the neighbours with their counts."""
    return {
        (row[c.SPLIT], row[c.ITEM_INDEX]): {item: count for item, count in zip(row[c.ITEMS], row[c.COUNTS]) if item}
        for row in rows.collect()
    }


def test_later_products_count_by_distance_earlier_ones_less_and_each_split_counts_what_it_sees(spark):
    events, vocabulary = shop(spark, [
        ("ann", 1, 1, "train"), ("ann", 2, 0, "train"), ("ann", 3, 2, "train"), ("ann", 4, 3, "validation"), ("ann", 5, 3, "test"),
        ("bob", 9, 2, "test"), ("bob", 8, 1, "test"),
    ])
    rows = neighbours(events, (TRAIN, TEST, PUSH), vocabulary, kept=3, ds=DS, model_ds=DAY_BEFORE)
    assert rows.columns == [*NEIGHBOURS.columns] and rows.select(c.MODEL_DAY, c.DAY).first() == (DAY_BEFORE, DS)
    assert found(rows) == {
        (TRAIN, 1): approx({2: 1}), (TRAIN, 2): approx({1: 0.4}),  # product 0 has no index, so 1 and 2 lie side by side
        (TEST, 1): approx({2: 1, 3: 0.707}), (TEST, 2): approx({3: 1, 1: 0.4}), (TEST, 3): approx({2: 0.4, 1: 0.2828}),
        (PUSH, 1): approx({2: 2, 3: 0.707 + 0.577}), (PUSH, 2): approx({3: 1.707, 1: 0.8}), (PUSH, 3): approx({2: 0.6828, 1: 0.2828 + 0.2308}),
    }


def test_in_a_random_split_hidden_events_keep_nothing_apart(spark):
    events, vocabulary = shop(spark, [("ann", 1, 1, "train"), ("ann", 2, 2, "test"), ("ann", 3, 3, "train")])
    rows = neighbours(events.withMetadata(c.ROLE, {BY_CHANCE: True}), (TRAIN, TEST, PUSH), vocabulary, kept=3, ds=DS, model_ds=DAY_BEFORE)
    assert found(rows) == {
        (TRAIN, 1): approx({3: 1}), (TRAIN, 3): approx({1: 0.4}), (TEST, 1): approx({3: 1}), (TEST, 3): approx({1: 0.4}),
        (PUSH, 1): approx({2: 1, 3: 0.707}), (PUSH, 2): approx({3: 1, 1: 0.4}), (PUSH, 3): approx({2: 0.4, 1: 0.2828}),
    }


def test_the_cluster_counts_as_numpy_does_and_a_sample_is_a_part_of_the_whole(spark):
    rng = np.random.default_rng(3)
    windows = [rng.integers(1, PRODUCTS + 1, size) for size in (1, 2, 9, 30, 60)]
    events, vocabulary = shop(spark, [(f"u{user}", minute, int(index), "train") for user, window in enumerate(windows) for minute, index in enumerate(window)])
    rows = neighbours(events.repartition(3), (TRAIN,), vocabulary, 5, DS, DS).toPandas()
    follows = Follows.of_rows(rows[c.ITEM_INDEX].to_numpy(), rows[c.ITEMS].tolist(), rows[c.COUNTS].tolist(), PRODUCTS)
    expected = count_follows((window[None, :] for window in windows), PRODUCTS, 5)
    np.testing.assert_array_equal(follows.items, expected.items)
    np.testing.assert_array_equal(follows.counts, expected.counts)
    sample = neighbours(events, (TRAIN,), vocabulary, 5, DS, DS, every=4)
    assert found(sample) == {key: value for key, value in found(neighbours(events, (TRAIN,), vocabulary, 5, DS, DS)).items() if key[1] % 4 == 1}


@given(st.integers(1, 5), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_the_leading_neighbours_do_not_depend_on_how_many_pairs_are_held_at_a_time(kept, at_once, seed):
    rng, names = np.random.default_rng(seed), [c.ITEM_INDEX, "other", TRAIN, TEST]
    pairs = rng.permutation([(product, other) for product in range(1, 7) for other in range(1, 7) if product != other]).astype(np.int32)
    columns = [*pairs.T, *rng.integers(0, 4, (2, len(pairs))).astype(float)]  # many ties, and many that never met in one of the splits
    whole = pa.RecordBatch.from_arrays(list(map(pa.array, columns)), names=names)

    def rows(*batches, **limit):
        return [row for batch in leaders((TRAIN, TEST), kept, **limit)(batches) for row in batch.to_pylist()]

    assert rows(*(whole.slice(start, 3) for start in range(0, whole.num_rows, 3)), at_once=at_once) == rows(whole)
    assert rows() == []


def test_a_day_is_read_as_arrays_and_one_on_which_nothing_met_has_no_neighbours(spark, lake):
    events, vocabulary = shop(spark, [("ann", 1, 1, "train"), ("ann", 2, 2, "train"), ("bob", 1, 3, "test")])
    lake.replace_day(neighbours(events, (TRAIN, TEST), vocabulary, 2, DS, DS), NEIGHBOURS, DS)
    lake.replace_day(lake.frame([(3, [1, 2], [0.5, 0.25], DS, TRAIN), (3, [2, 0], [0.5, 0.0], DS, TEST)], LIKENESSES, DS), LIKENESSES, DS)
    lake.replace_day(lake.frame([(2, 5, DS, TRAIN)], TRENDS, DS), TRENDS, DS)
    follows = follows_of(lake, DS, TRAIN, PRODUCTS)
    assert list(follows.items[1]) == [2, 0] and list(follows.counts[2]) == approx([0.4, 0]) and follows.items.shape == (PRODUCTS + 1, 2)
    assert list(follows.lately[:3]) == [0, 0, 5] and list(follows.alike.items[3]) == [1, 2] and list(follows.alike.counts[3]) == [0.5, 0.25]
    assert follows.digest != replace(follows, alike=None).digest
    with pytest.raises(BadData, match="numbers products up to 2, the model knows 1: .* --ds 1970-01-09"):
        follows_of(lake, DS, TRAIN, products=1)
    alone = DS + timedelta(days=1)
    lake.replace_day(neighbours(events.where("user_id = 'bob'"), (TRAIN, TEST), vocabulary, 2, alone, DS), NEIGHBOURS, alone)
    assert not follows_of(lake, alone, TEST, PRODUCTS).fitted(2).counts.any()
