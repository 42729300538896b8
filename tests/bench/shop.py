"""Seeded random windows of a shop that is made up: rows of `sequences` of the right shapes, without a meaning."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recsys import columns as c
from recsys.benchmark.windows import write_files
from recsys.lake import DataFile
from recsys.models.follows import Follows
from recsys.sequences.shape import Batch, WindowShape
from recsys.sequences.timeline import LAST_BUCKET
from recsys.settings import SequenceSettings

EVENTS_OF_A_USER = 70  # on average, as in the simulated shop of recsys.simulation
SEGMENTS = 8
ATTRIBUTES = 20
_SPREAD = 1.0  # of the logarithm of how many events a user has: a few have very many, most have few
_FIRST_DAY = 17_000
_SEVERAL_DAYS = 3  # from one visit to the next, at most
_SEED = 17
SHAPE = WindowShape(SequenceSettings().length, SequenceSettings().memory, ATTRIBUTES)


@dataclass(frozen=True)
class Shop:
    """Its users have log-normally many events, cut at the length of a window; products are as popular as Zipf says."""

    products: int
    shape: WindowShape = SHAPE
    seed: int = _SEED

    def windows(self, rows: int) -> Batch:
        """One window of each of `rows` users; a user whose window is full has a memory too."""
        rng = np.random.default_rng((self.seed, rows))
        batch = self.shape.padding(rows)
        events = rng.lognormal(np.log(EVENTS_OF_A_USER) - _SPREAD**2 / 2, _SPREAD, rows)
        lengths = np.clip(events, 2, self.shape.length).astype(np.int32)
        real = np.arange(self.shape.length) < lengths[:, None]
        new_visit = rng.random(real.shape) < 0.3
        days = _FIRST_DAY + np.cumsum(new_visit * rng.integers(1, _SEVERAL_DAYS + 1, real.shape), axis=1)
        batch |= {
            c.LENGTH: lengths, c.ITEMS: self._drawn(rng, real.shape) * real, c.BEHAVIOURS: rng.integers(1, 7, real.shape) * real,
            c.GAPS: rng.integers(1, LAST_BUCKET + 1, real.shape) * real, c.DAYS: days * real, c.VISITS: np.cumsum(new_visit, axis=1) * real,
            c.QUERY_DAY: days.max(axis=1) + 1, c.SEGMENT: rng.integers(0, SEGMENTS, rows), c.ATTRIBUTES: rng.random((rows, ATTRIBUTES)),
        }
        batch |= self._memory(rng, np.clip(events - self.shape.length, 0, self.shape.memory).astype(int))
        return {name: batch[name].astype(kind) for name, (kind, _) in self.shape.columns().items()}

    def _memory(self, rng: np.random.Generator, remembered: np.ndarray) -> Batch:
        held = np.arange(self.shape.memory) < remembered[:, None]
        return {
            c.MEMORY_ITEMS: self._drawn(rng, held.shape) * held, c.MEMORY_COUNTS: rng.integers(1, 9, held.shape) * held,
            c.MEMORY_DAYS: rng.integers(_FIRST_DAY - 300, _FIRST_DAY, held.shape) * held,
        }

    def _drawn(self, rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        popularity = np.cumsum(1 / np.arange(1, self.products + 1))
        return np.searchsorted(popularity, rng.random(shape) * popularity[-1]).clip(max=self.products - 1) + 1

    def write(self, rows: int, folder: Path, files: int) -> tuple[DataFile, ...]:
        """`windows` as Parquet files, each of one row group, with a user id beside them."""
        batch = self.windows(rows)
        users = {c.USER: np.char.add("u", np.arange(rows).astype(str))}
        return write_files([users | batch], folder, files)

    def follows(self, neighbours: int) -> Follows:
        """Random neighbours of every product, as many that are alike, and trends."""
        rng = np.random.default_rng((self.seed, neighbours))
        near, alike = (self._others(rng, neighbours) for _ in range(2))
        return replace(near, alike=alike, lately=rng.integers(0, 1_000, self.products + 1).astype(np.float32))

    def _others(self, rng: np.random.Generator, neighbours: int) -> Follows:
        size = (self.products + 1, neighbours)
        items = rng.integers(1, self.products + 1, size).astype(np.int32)
        counts = -np.sort(-rng.exponential(5.0, size).astype(np.float32), axis=1)
        items[0] = counts[0] = 0
        return Follows(items, counts)
