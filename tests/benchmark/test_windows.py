import numpy as np

from recsys import columns as c
from recsys.benchmark.histories import Histories
from recsys.benchmark.windows import chunks, items_of, rows_of, write_files
from recsys.sequences.feed import WindowFeed
from recsys.sequences.liked import TARGET_WIDTH
from recsys.sequences.shape import WindowShape

SHAPE = WindowShape(8, 4, 1)
DAY = 86_400.0
PLAIN = Histories(np.array([0, 12, 14]), np.array([1, 2, 1, 3, 4, 5, 6, 7, 8, 9, 1, 2, 5, 6], np.int32), ("", *"abcdefghi"))


def test_a_window_holds_the_latest_events_and_the_memory_what_lies_before_them():
    rows = rows_of(PLAIN, [(0, 4, 12), (1, 0, 1)], SHAPE, [np.array([5, 5, 3]), np.array([6])])
    np.testing.assert_array_equal(rows[c.ITEMS], [[4, 5, 6, 7, 8, 9, 1, 2], [5, 0, 0, 0, 0, 0, 0, 0]])
    np.testing.assert_array_equal(next(items_of(PLAIN, [(0, 4, 12), (1, 0, 1)], 8)), rows[c.ITEMS])
    np.testing.assert_array_equal(rows[c.DAYS][0], np.arange(5, 13))
    np.testing.assert_array_equal(rows[c.VISITS][0], np.arange(8))
    assert list(rows[c.LENGTH]) == [8, 1] and list(rows[c.QUERY_DAY]) == [12, 1]
    assert list(rows[c.MEMORY_ITEMS][0]) == [1, 3, 2, 0] and list(rows[c.MEMORY_COUNTS][0]) == [2, 1, 1, 0] and list(rows[c.MEMORY_DAYS][0]) == [3, 4, 2, 0]
    assert list(rows[c.TARGETS][0][:3]) == [5, 3, 0] and not rows[c.MEMORY_ITEMS][1].any()


def test_times_give_days_gaps_and_visits():
    timed = Histories(np.array([0, 5]), np.arange(1, 6, dtype=np.int32), ("", *"abcde"), np.array([0, 0, 1, 64, 64 + 2 * DAY]))
    rows = rows_of(timed, [(0, 0, 5)], SHAPE)
    assert list(rows[c.DAYS][0][:5]) == [0, 0, 0, 0, 2] and list(rows[c.VISITS][0][:5]) == [0, 0, 1, 2, 3]
    assert list(rows[c.GAPS][0][:5]) == [1, 2, 3, 3 + 5, 3 + 17]  # log2 of 63 and of 172,800 seconds, as in sequences.timeline


def test_the_files_are_read_as_those_of_a_lake(tmp_path):
    places = [(0, 0, 8), (0, 4, 12), (1, 0, 2)]
    files = write_files(chunks(PLAIN, places, SHAPE), tmp_path / "train", 2)
    assert [file.rows for file in files] == [2, 1]
    batches = list(WindowFeed(files, SHAPE, batch_size=2, steps=2, seed=1).epoch(0))
    read = np.concatenate([batch[c.ITEMS][batch["weight"] > 0, :8] for batch in batches])
    assert sorted(map(tuple, read)) == sorted(map(tuple, rows_of(PLAIN, places, SHAPE)[c.ITEMS]))


def test_of_more_targets_than_there_is_room_for_the_first_are_kept():
    products = np.arange(100, 0, -1)
    rows = rows_of(PLAIN, [(0, 0, 8)], SHAPE, [np.concatenate([products, products])])
    np.testing.assert_array_equal(rows[c.TARGETS][0], products[:TARGET_WIDTH])
