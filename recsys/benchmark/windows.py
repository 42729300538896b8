"""Histories as rows of the table `sequences`, in Parquet files that training and scoring read like those of a lake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys import columns as c
from recsys.benchmark.histories import Histories
from recsys.benchmark.protocol import Split
from recsys.lake import DataFile
from recsys.models.conditions import PURCHASE_CODE
from recsys.sequences.arrow import lists_of
from recsys.sequences.liked import TARGET_WIDTH
from recsys.sequences.shape import Batch, WindowShape
from recsys.sequences.timeline import FIRST_EVENT, LAST_BUCKET, ONE_SECOND, SAME_MOMENT

_CHUNK = 2_048  # rows that are made, and written, at a time
_DAY = 86_400.0

Place = tuple[int, int, int]  # a user; the first event of a window and the one after its last, counted from the user's first


def covering_places(ends: np.ndarray, length: int, seed: int) -> list[Place]:
    """Windows of up to `length` events that cover each user's first events, up to `ends`, in random order.

    The last event of a window is only a target, so with one event in common every event but the first is one.
    """
    places = []
    for user, end in enumerate(ends):
        while end > 1:
            start = max(end - length, 0)
            places.append((user, start, int(end)))
            end = start + 1 if start else 0
    return [places[place] for place in np.random.default_rng(seed).permutation(len(places))]


def asked_places(split: Split, length: int, test: bool) -> list[Place]:
    """The latest window of every user who is asked for, before the validation or the test part."""
    known, _ = split.bounds(test)
    return [(int(user), max(int(known[user]) - length, 0), int(known[user])) for user in split.asked(test)]


def rows_of(histories: Histories, places: Sequence[Place], shape: WindowShape, targets: Sequence[np.ndarray] | None = None) -> Batch:
    """One row for each of `places`. What a plain file does not know: every event is a purchase and a visit of its own, and
    all users are of segment 0.

    Without times the n-th event of a user lies on day n. `targets` are the products to be found, for each place.
    """
    rows = shape.padding(len(places))
    for row, (user, start, end) in enumerate(places):
        size = end - start
        items, days, gaps, visits = _timeline(histories, user, end)
        rows[c.ITEMS][row, :size], rows[c.DAYS][row, :size], rows[c.GAPS][row, :size] = items[start:], days[start:], gaps[start:]
        rows[c.VISITS][row, :size] = visits[start:] - visits[start]
        rows[c.BEHAVIOURS][row, :size] = PURCHASE_CODE
        rows[c.LENGTH][row], rows[c.QUERY_DAY][row] = size, days[-1]
        if start:
            _remember(rows, row, items[:start], days[:start])
        if targets is not None:
            found = _first(targets[row])[:TARGET_WIDTH]
            rows[c.TARGETS][row, :len(found)] = found
    return rows


def items_of(histories: Histories, places: Sequence[Place], length: int) -> Iterator[np.ndarray]:
    """The products of `rows_of` alone, int32 [rows, length], some thousand rows at a time."""
    for start in range(0, len(places), _CHUNK):
        part = places[start:start + _CHUNK]
        items = np.zeros((len(part), length), np.int32)
        for row, (user, first, end) in enumerate(part):
            items[row, :end - first] = histories.of(user)[first:end]
        yield items


def _first(products: np.ndarray) -> np.ndarray:
    """Each of `products` once, in the order of its first place."""
    return products[np.sort(np.unique(products, return_index=True)[1])]


def _timeline(histories: Histories, user: int, end: int) -> tuple[np.ndarray, ...]:
    """Products, days, buckets of time gaps and numbers of visits of the user's first `end` events."""
    place = slice(histories.starts[user], histories.starts[user] + end)
    items, order = histories.products[place], np.arange(end)
    if histories.times is None:
        return items, order + 1, np.where(order == 0, FIRST_EVENT, ONE_SECOND + int(np.log2(_DAY))), order
    seconds = np.diff(histories.times[place], prepend=np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        doublings = np.floor(np.log2(np.floor(seconds)))
    gaps = np.where(np.isnan(seconds), FIRST_EVENT, np.where(seconds < 1, SAME_MOMENT, np.minimum(ONE_SECOND + doublings, LAST_BUCKET)))
    return items, histories.times[place] // _DAY, gaps, np.cumsum(np.nan_to_num(seconds) > 0)


def _remember(rows: Batch, row: int, items: np.ndarray, days: np.ndarray) -> None:
    """The products before the window: those of most events, then those seen last, then the smaller number, as in `sequences.memory`."""
    products, numbers, counts = np.unique(items, return_inverse=True, return_counts=True)
    last = np.zeros(len(products))
    np.maximum.at(last, numbers, days)
    best = np.lexsort([products, -last, -counts])[:rows[c.MEMORY_ITEMS].shape[1]]
    rows[c.MEMORY_ITEMS][row, :len(best)], rows[c.MEMORY_COUNTS][row, :len(best)] = products[best], counts[best]
    rows[c.MEMORY_DAYS][row, :len(best)] = last[best]


def chunks(histories: Histories, places: Sequence[Place], shape: WindowShape, targets: Sequence[np.ndarray] | None = None) -> Iterator[Batch]:
    """`rows_of` all places, some thousand at a time, so that memory does not grow with the file."""
    for start in range(0, len(places), _CHUNK):
        part = slice(start, start + _CHUNK)
        yield rows_of(histories, places[part], shape, None if targets is None else targets[part])


def write_files(rows: Iterable[Batch], folder: Path, files: int) -> tuple[DataFile, ...]:
    """The rows, dealt out in turn to `files` Parquet files of nearly equal size; fewer where there are fewer rows."""
    folder.mkdir(parents=True)
    writers: dict[Path, pq.ParquetWriter] = {}
    counts = dict.fromkeys((folder / f"part-{number:03}.parquet" for number in range(files)), 0)
    for batch in rows:
        for number, path in enumerate(counts):
            table = _table({name: array[number::files] for name, array in batch.items()})
            if not table.num_rows:
                continue
            if path not in writers:
                writers[path] = pq.ParquetWriter(path, table.schema)
            writers[path].write_table(table)
            counts[path] += table.num_rows
    for writer in writers.values():
        writer.close()
    return tuple(DataFile(path.resolve().as_uri(), count) for path, count in counts.items() if count)


def _table(rows: Batch) -> pa.Table:
    return pa.table({name: pa.array(array) if array.ndim == 1 else lists_of(array) for name, array in rows.items()})
