"""The feed of training: windows of one pinned table version as numpy batches, equal steps for every rank.

Files are dealt out to ranks, so no row is read twice or by nobody. A rank with fewer rows than another ends
its epoch with batches of weight zero, so every rank takes as many steps and none waits for another forever.
The only module that knows Petastorm; it is imported when the first epoch is read.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa

from recsys import columns as c
from recsys.faults import BadData, BadSettings
from recsys.lake import DataFile
from recsys.sequences.arrow import matrix_of
from recsys.sequences.shape import Batch, WindowShape, filled, trimmed, trimmed_width
from recsys.sequences.shares import rows_in

WEIGHT = "weight"


@dataclass(frozen=True)
class WindowFeed:
    """The batches of one rank: dicts of arrays [batch_size, ...] and `weight`, 1 for a row and 0 for padding.

    Rows that fill about as much of window and memory share a batch, and the batch is trimmed to the fullest of
    them: most histories are short, and a model would spend most of its time on padding. The batches themselves
    come in random order, alike on all ranks, so that ranks of like shares are busy for as long at every step.
    Padding rows are 0 throughout. `shuffle_rows` is how many rows, at least, a batch is drawn from: files are
    random samples already, so a few row groups suffice. Memory holds these rows and up to four row groups.
    """

    files: Sequence[DataFile]
    shape: WindowShape
    batch_size: int
    steps: int  # of every rank, from `steps_per_epoch`
    seed: int
    shuffle_rows: int = 8_192

    def __post_init__(self) -> None:
        needed = math.ceil(rows_in(self.files) / self.batch_size)
        if self.steps < needed:
            raise ValueError(f"{self.steps} steps of {self.batch_size} rows cannot hold an epoch of {rows_in(self.files)} rows; {needed} do")

    def epoch(self, number: int, skip: int = 0, passed: Callable[[int], None] = lambda rows: None) -> Iterator[Batch]:
        """The batches of epoch `number`, from step `skip` on: every row once, in an order set by seed and number.

        Skipped batches are read from disk but not put together; `passed` is called with the rows of each.

        Raises:
            BadData: a file is gone, or holds other rows or other widths than it should.
        """
        step = 0
        with closing(self._drawn(number)) as drawn:
            for pool, places in drawn:
                step += 1
                if step > skip:
                    yield self._batch(pool, places)
                else:
                    passed(len(places))
        nothing = self.shape.padding(0)
        for _ in range(max(step, skip), self.steps):
            yield self._batch(nothing, np.arange(0))

    def _drawn(self, number: int) -> Iterator[tuple[Batch, np.ndarray]]:
        """For each step that has rows: a pool of rows, and the places in it of those that make the batch."""
        rng = np.random.default_rng((self.seed, number))
        pool, waiting = self.shape.padding(0), []
        with closing(self._row_groups(rng)) as row_groups:
            for row_group in row_groups:
                waiting.append(row_group)
                held = sum(len(rows[c.LENGTH]) for rows in (pool, *waiting))
                if held < 2 * self.shuffle_rows:
                    continue
                pool, waiting = _joined([pool, *waiting]), []
                order = rng.permutation(held)
                drawn = (held - self.shuffle_rows) // self.batch_size * self.batch_size
                yield from self._cut(pool, order[:drawn], number)
                pool = {name: array[order[drawn:]] for name, array in pool.items()}
        pool = _joined([pool, *waiting])
        yield from self._cut(pool, rng.permutation(len(pool[c.LENGTH])), number)

    def _cut(self, pool: Batch, order: np.ndarray, number: int) -> Iterator[tuple[Batch, np.ndarray]]:
        """Batches of the rows at `order`, those of like size together, batches in random order."""
        alike = order[np.lexsort([trimmed_width(places[order]) for places in reversed(filled(pool))])]
        starts = np.arange(0, len(order), self.batch_size)
        # Keys, and not a permutation: a rank with one batch less still has the others in the order of its fellows.
        keys = np.random.default_rng((self.seed, number, 1)).random(len(starts))
        return ((pool, alike[start:start + self.batch_size]) for start in starts[np.argsort(keys)])

    def _batch(self, pool: Batch, places: np.ndarray) -> Batch:
        batch = self.shape.padding(self.batch_size) | {WEIGHT: np.zeros(self.batch_size, np.float32)}
        for name, array in pool.items():
            np.take(array, places, axis=0, out=batch[name][:len(places)], mode="clip")
        batch[WEIGHT][:len(places)] = 1
        return trimmed(batch)

    def _row_groups(self, rng: np.random.Generator) -> Iterator[Batch]:
        """The row groups of all files, files in random order, each as arrays of the shape that was asked for."""
        missing = rows_in(self.files)
        if not missing:
            return  # Petastorm cannot open a list of no files
        shuffled = [self.files[place] for place in rng.permutation(len(self.files))]
        with closing(_read(shuffled, self.shape.columns())) as row_groups:
            while missing > 0 and (row_group := next(row_groups, None)):
                rows = self._checked(row_group)
                missing -= len(rows[c.LENGTH])
                yield rows
        if missing:
            raise BadData(
                f"The {len(self.files)} files of this rank, {self.files[0].url} first, hold {-missing:+,} rows against "
                "what their table version says. They were changed by something other than Delta; write the day again with jobs/build_sequences.py."
            )

    def _checked(self, row_group: Batch) -> Batch:
        rows = {}
        for name, (kind, shape) in self.shape.columns().items():
            rows[name] = np.ascontiguousarray(row_group[name], dtype=kind)
            if rows[name].shape[1:] != shape:
                raise BadData(
                    f"Column {name} of sequences holds arrays of shape {rows[name].shape[1:]}, and training asks for {shape}. "
                    "The settings changed after the table was written; run jobs/build_sequences.py again."
                )
        return rows


def read_rows(files: Sequence[DataFile], columns: Sequence[str]) -> Batch:
    """All rows of `files`, few enough to be held at once; of each of `columns` an array [rows, ...], empty where there are no rows.

    Raises:
        BadData: a file is gone, or holds other rows than it should.
    """
    if not rows_in(files):
        return {name: np.empty(0) for name in columns}
    parts = list(_read(files, columns))
    rows = _joined(parts) if parts else {columns[0]: ()}
    if len(rows[columns[0]]) != rows_in(files):
        raise BadData(
            f"{files[0].url} and the {len(files) - 1} files beside it hold {len(rows[columns[0]]):,} rows, not the {rows_in(files):,} that their "
            "table version says. They were changed by something other than Delta; write the day again with jobs/build_sequences.py."
        )
    return rows


def petastorm_url(url: str) -> str:
    """The url of a data file, as Spark writes it, in the form that Petastorm opens.

    A local path loses its percent signs, since Petastorm does not decode them. A path on Databricks' file system
    becomes the one under which the machine sees it. Object-store urls stay as they are.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("file", "dbfs"):
        return url
    path = unquote(parts.path)
    if set(path) & set("#?;"):
        raise BadSettings(f"Petastorm cannot read {path}: the path holds one of # ? ;. Move the lake to a folder without them.")
    mounted = parts.scheme == "dbfs" and not path.startswith("/Volumes/")
    return f"file:///dbfs{path}" if mounted else f"file://{path}"


def _read(files: Sequence[DataFile], columns: Iterable[str]) -> Iterator[Batch]:
    """The row groups of `files`, which are not none, in their order."""
    reader = _open(files, list(columns))
    try:
        while row_group := _next(reader):
            yield row_group
    finally:
        reader.stop()
        reader.join()


def _open(files: Sequence[DataFile], columns: list[str]):
    warnings.filterwarnings("ignore", category=FutureWarning, module="petastorm")
    from petastorm import make_batch_reader

    urls = [petastorm_url(file.url) for file in files]
    try:
        # One thread reads ahead: with several, the order of row groups would depend on which is faster.
        reader = make_batch_reader(
            urls, schema_fields=columns, reader_pool_type="thread", workers_count=1, shuffle_row_groups=False, num_epochs=1
        )
    except OSError as error:
        raise BadData(
            f"A file of the pinned version of sequences cannot be opened: {error}. It was removed by VACUUM or is out of "
            "reach of this worker; see that every worker reaches the lake, and run jobs/build_sequences.py again."
        ) from error
    reader._results_queue_reader = _RowGroups()
    return reader


class _RowGroups:
    """Hands out a row group of Petastorm's reader as arrays, as Petastorm's own reader of its queue does.

    That one makes an array of every single list first, which takes longer than all the rest.
    """

    batched_output = True

    def read_next(self, workers_pool, schema, ngram):
        from petastorm.workers_pool import EmptyResultError

        try:
            table = workers_pool.get_results()
        except EmptyResultError:
            raise StopIteration from None
        return schema.make_namedtuple(**{name: _array(name, table.column(name).combine_chunks()) for name in table.column_names})


def _array(name: str, column: pa.Array) -> np.ndarray:
    """[rows], or of lists, all of one length, [rows, length]."""
    if not pa.types.is_list(column.type):
        return column.to_numpy(zero_copy_only=False)
    lengths = np.diff(column.offsets.to_numpy())
    if column.null_count or (lengths != lengths[:1]).any():
        raise BadData(
            f"Column {name} of a file holds lists of {lengths.min()} to {lengths.max()} values, {column.null_count} of them missing, and all should be "
            "of one length. It was not written by jobs/build_sequences.py; run that again."
        )
    return matrix_of(column)


def _next(reader) -> Batch | None:
    """The next row group as arrays; None at the end.

    Petastorm may announce the end in the moment between handing out its last row group and counting it, so the
    end is believed only when it is announced twice.
    """
    row_group = next(reader, None) or next(reader, None)
    return row_group._asdict() if row_group else None


def _joined(parts: Sequence[Batch]) -> Batch:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
