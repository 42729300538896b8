import threading
from contextlib import closing
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.faults import BadData, BadSettings
from recsys.lake import DataFile, Lake
from recsys.sequences.feed import WEIGHT, WindowFeed, petastorm_url, read_rows
from recsys.sequences.liked import TARGET_WIDTH
from recsys.sequences.rows import spread
from recsys.sequences.shape import WindowShape, trimmed
from recsys.sequences.shares import assign, steps_per_epoch
from recsys.tables import SEQUENCES

DS, ROWS, BATCH = date(2026, 1, 31), 53, 4
SHAPE = WindowShape(length=8, memory=5, attributes=3)


def numbered_rows(spark, count, start=0):
    """Rows of table `sequences`, each known by its query_day, which its items and attributes repeat."""
    number = F.col("id").cast("int")
    widths = {name: shape[0] for name, (_, shape) in SHAPE.columns().items() if shape}
    values = {
        name: (F.array_repeat(number, widths[name]) if name in widths else number).cast(kind)
        for name, kind in SEQUENCES.columns.items() if name not in (c.MODEL_DAY, c.SPLIT, c.DAY)
    }
    return spark.range(start, start + count).select(
        *(value.alias(name) for name, value in values.items()), F.lit(DS).alias(c.MODEL_DAY), F.lit("train").alias(c.SPLIT), F.lit(DS).alias(c.DAY)
    )


@pytest.fixture(scope="module")
def files(spark, tmp_path_factory):
    lake = Lake(spark, str(tmp_path_factory.mktemp("a lake")))
    lake.replace_day(spread(numbered_rows(spark, 40, start=1_000), files=3), SEQUENCES, DS)
    lake.replace_day(spread(numbered_rows(spark, ROWS), files=5), SEQUENCES, DS)
    return lake.files(SEQUENCES, DS, "train", lake.version(SEQUENCES))


def feeds(files, ranks, **options):
    shares = assign(files, ranks)
    return [WindowFeed(share, SHAPE, BATCH, steps_per_epoch(shares, BATCH), seed=3, **options) for share in shares]


def read(batches):
    return [int(day) for batch in batches for day, weight in zip(batch[c.QUERY_DAY], batch[WEIGHT]) if weight]


file_lists = st.lists(st.integers(1, 1000), max_size=40).map(
    lambda sizes: [DataFile(f"file:///{place}", rows) for place, rows in enumerate(sizes)]
)


@given(file_lists, st.integers(1, 9))
def test_every_file_goes_to_exactly_one_rank(some, ranks):
    shares = assign(some, ranks)
    assert len(shares) == ranks
    assert sorted(file.url for share in shares for file in share) == sorted(file.url for file in some)


@given(file_lists, st.integers(1, 9))
def test_no_two_ranks_differ_by_more_than_the_largest_file(some, ranks):
    loads = [sum(file.rows for file in share) for share in assign(some, ranks)]
    assert max(loads) - min(loads) <= max((file.rows for file in some), default=0)


@given(file_lists.flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))), st.integers(1, 9))
def test_the_shares_do_not_depend_on_the_order_in_which_files_are_listed(lists, ranks):
    assert assign(lists[0], ranks) == assign(lists[1], ranks)


def test_steps_are_those_of_the_rank_with_most_rows():
    assert steps_per_epoch([[DataFile("a", 9)], [DataFile("b", 3), DataFile("c", 5)], []], batch_size=4) == 3
    assert steps_per_epoch([[], []], batch_size=4) == 0


@pytest.mark.parametrize("ranks", [1, 2, 3, 7])
def test_an_epoch_holds_every_row_once_and_every_rank_takes_equal_steps(files, ranks):
    epochs = [list(feed.epoch(0)) for feed in feeds(files, ranks)]
    assert len({len(batches) for batches in epochs}) == 1
    assert sorted(read(batch for batches in epochs for batch in batches)) == list(range(ROWS))


def test_rows_of_files_that_were_replaced_are_not_read(files):
    assert max(read(feeds(files, 1)[0].epoch(0))) < 1_000


def test_padding_is_zero_with_weight_zero(files):
    batches = list(feeds(files, 1)[0].epoch(0))
    (last,) = [batch for batch in batches if not batch[WEIGHT].all()]
    assert {name: (array.dtype, array.shape) for name, array in last.items()} == {
        **{name: (np.dtype(kind), (BATCH, *shape)) for name, (kind, shape) in SHAPE.columns().items()},
        WEIGHT: (np.dtype(np.float32), (BATCH,)),
    }
    assert last[WEIGHT].tolist() == [1, 0, 0, 0]
    assert all(not array[1:].any() and array.flags.c_contiguous for array in last.values())


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 40)), min_size=1, max_size=6))
def test_trimming_takes_only_places_that_no_row_fills(sizes):
    wide = WindowShape(length=50, memory=40, attributes=3)
    batch = wide.padding(len(sizes))
    for row, (window, memory) in enumerate(sizes):
        batch[c.LENGTH][row] = window
        batch[c.ITEMS][row, :window] = np.arange(window) + 1
        batch[c.MEMORY_ITEMS][row, :memory] = np.arange(memory) + 1
    small = trimmed(batch)
    for name, fullest in ((c.ITEMS, max(window for window, _ in sizes)), (c.MEMORY_ITEMS, max(memory for _, memory in sizes))):
        width = small[name].shape[1]
        assert fullest <= width < max(fullest, 1) + 16
        assert not batch[name][:, width:].any()
        np.testing.assert_array_equal(small[name], batch[name][:, :width])
    assert small[c.DAYS].shape == small[c.ITEMS].shape and small[c.MEMORY_DAYS].shape == small[c.MEMORY_ITEMS].shape
    assert small[c.ATTRIBUTES].shape == (len(sizes), 3)


def test_rows_of_like_size_share_a_batch():
    shape = WindowShape(length=64, memory=16, attributes=1)
    pool = shape.padding(64)
    pool[c.LENGTH][:] = np.random.default_rng(1).permutation(64) + 1
    feed = WindowFeed([], shape, 16, steps=4, seed=3)
    batches = [sorted(pool[c.LENGTH][places].tolist()) for _, places in feed._cut(pool, np.arange(64), 0)]
    assert sorted(batches) == [list(range(first, first + 16)) for first in (1, 17, 33, 49)]


def test_the_columns_of_a_row_stay_together(files):
    for batch in feeds(files, 1)[0].epoch(0):
        for name in (c.ITEMS, c.MEMORY_COUNTS, c.ATTRIBUTES, c.TARGETS):
            assert (batch[name] == batch[c.QUERY_DAY][:, None]).all()


def test_a_rank_without_files_takes_its_steps_with_weight_zero():
    batches = list(WindowFeed([], SHAPE, BATCH, steps=3, seed=3).epoch(0))
    assert len(batches) == 3
    assert not any(array.any() for batch in batches for array in batch.values())
    assert batches[0][c.TARGETS].shape == (BATCH, TARGET_WIDTH)


def test_epochs_differ_in_order_and_the_same_epoch_repeats_itself(files):
    feed = feeds(files, 1, shuffle_rows=12)[0]
    first, again, second = read(feed.epoch(0)), read(feed.epoch(0)), read(feed.epoch(1))
    assert first == again != second
    assert sorted(first) == sorted(second) == list(range(ROWS))


@pytest.mark.parametrize("skip", [1, 9, 14, 20])
def test_skipping_steps_goes_on_where_the_epoch_was_left(files, skip):
    feed, passed = WindowFeed(files, SHAPE, BATCH, steps=16, seed=3, shuffle_rows=12), []
    rest = list(feed.epoch(2, skip, passed.append))
    assert read(rest) == read(list(feed.epoch(2))[skip:])
    assert len(rest) == max(16 - skip, 0)
    assert sum(passed) + len(read(rest)) == ROWS


def test_an_epoch_left_half_way_leaves_no_thread_behind(files):
    before = threading.active_count()
    with closing(feeds(files, 1)[0].epoch(0)) as batches:
        next(batches)
    assert threading.active_count() == before


def test_a_table_of_other_widths_is_told(files):
    feed = WindowFeed(files, WindowShape(length=16, memory=5, attributes=3), BATCH, steps=14, seed=3)
    with pytest.raises(BadData, match=r"items .* \(8,\), .* \(16,\)"):
        next(feed.epoch(0))


def test_a_file_that_is_gone_is_told(files):
    gone = DataFile(files[0].url.replace("part-", "gone-"), 4)
    with pytest.raises(BadData, match="gone-"):
        next(WindowFeed([gone], SHAPE, BATCH, steps=1, seed=3).epoch(0))


def test_a_file_with_other_rows_than_its_version_says_is_told(files):
    lying = [DataFile(file.url, file.rows + 1) for file in files]
    with pytest.raises(BadData, match="-5 rows"):
        list(WindowFeed(lying, SHAPE, BATCH, steps=20, seed=3).epoch(0))


@pytest.mark.parametrize("lists", [[[1, 2], [3]], [[1, 2], None]])
def test_lists_of_unequal_length_are_told(tmp_path, lists):
    pq.write_table(pa.table({c.ITEMS: lists}), tmp_path / "part.parquet")
    with pytest.raises(BadData, match="items .* one length"):
        read_rows([DataFile((tmp_path / "part.parquet").as_uri(), 2)], [c.ITEMS])


def test_few_rows_are_read_at_once_and_must_be_as_many_as_their_version_says(tmp_path):
    assert len(read_rows([], [c.ITEMS])[c.ITEMS]) == 0
    pq.write_table(pa.table({c.ITEM_INDEX: [7, 8], c.ITEMS: [[1, 2], [3, 4]]}), tmp_path / "part.parquet", row_group_size=1)
    rows = read_rows([DataFile((tmp_path / "part.parquet").as_uri(), 2)], [c.ITEM_INDEX, c.ITEMS])
    assert sorted(zip(rows[c.ITEM_INDEX], map(tuple, rows[c.ITEMS]))) == [(7, (1, 2)), (8, (3, 4))]
    with pytest.raises(BadData, match="hold 2 rows, not the 3"):
        read_rows([DataFile((tmp_path / "part.parquet").as_uri(), 3)], [c.ITEMS])


@pytest.mark.parametrize("url, expected", [
    ("file:/a%20lake/ds=2026-01-31/part.parquet", "file:///a lake/ds=2026-01-31/part.parquet"),
    ("file:///lake/part.parquet", "file:///lake/part.parquet"),
    ("dbfs:/lake/part.parquet", "file:///dbfs/lake/part.parquet"),
    ("dbfs:/Volumes/shop/lake/part.parquet", "file:///Volumes/shop/lake/part.parquet"),
    ("abfss://lake@shop.dfs.core.windows.net/part.parquet", "abfss://lake@shop.dfs.core.windows.net/part.parquet"),
])
def test_urls_of_spark_become_urls_that_petastorm_opens(url, expected):
    assert petastorm_url(url) == expected


def test_a_path_that_petastorm_would_cut_short_is_told():
    with pytest.raises(BadSettings, match="one of # "):
        petastorm_url("file:///lake%231/part.parquet")
