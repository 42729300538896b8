"""A lake whose users walk round a circle of products: what follows is always the next product."""

from datetime import date

import numpy as np
import pytest
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.models.definition import ModelDefinition
from recsys.models.follows import count_follows
from recsys.sequences.liked import TARGET_WIDTH
from recsys.settings import Settings
from recsys.split import TRAIN, VALIDATION
from recsys.tables import NEIGHBOURS, SEQUENCES
from recsys.training import assemble

DS = date(2024, 3, 1)
LENGTH, MEMORY, PRODUCTS, NEIGHBOURS_KEPT = 8, 4, 12, 32


def window(user: int, split: str, products: int = PRODUCTS) -> dict:
    items = [(user + step) % products + 1 for step in range(LENGTH)]
    targets = [(user + LENGTH) % products + 1] if split == VALIDATION else []
    return {
        c.USER: f"u{user}", c.WINDOW: 0, c.LENGTH: LENGTH, c.ITEMS: items, c.BEHAVIOURS: [4] * LENGTH,
        c.GAPS: [1] + [9] * (LENGTH - 1), c.DAYS: list(range(100, 100 + LENGTH)), c.VISITS: list(range(LENGTH)),
        c.MEMORY_ITEMS: [0] * MEMORY, c.MEMORY_COUNTS: [0.0] * MEMORY, c.MEMORY_DAYS: [0] * MEMORY,
        c.QUERY_DAY: 108, c.SEGMENT: user % 2, c.ATTRIBUTES: [0.5, user / 100], c.MODEL_DAY: DS, c.SPLIT: split, c.DAY: DS,
        c.TARGETS: targets + [0] * (TARGET_WIDTH - len(targets)),
    }


def write_circle(lake, users: int, files: int = 5, shift: int = 0, judged: int = 7, products: int = PRODUCTS) -> None:
    counts = {TRAIN: users, VALIDATION: judged}
    rows = [window(user + shift, split, products) for split, count in counts.items() for user in range(count)]
    schema = ", ".join(f"{name} {kind}" for name, kind in SEQUENCES.columns.items())
    frame = lake.spark.createDataFrame([tuple(row[name] for name in SEQUENCES.columns) for row in rows], schema)
    lake.replace_day(frame.repartition(files, F.xxhash64(c.USER)), SEQUENCES, DS)
    write_neighbours(lake, [row[c.ITEMS] for row in rows if row[c.SPLIT] == TRAIN], products)


def write_neighbours(lake, windows: list[list[int]], products: int) -> None:
    follows = count_follows([np.array(windows, np.int32)], products, NEIGHBOURS_KEPT)
    rows = [(index, follows.items[index].tolist(), follows.counts[index].tolist(), DS, TRAIN) for index in range(1, products + 1) if follows.counts[index].any()]
    lake.replace_day(lake.frame(rows, NEIGHBOURS, DS), NEIGHBOURS, DS)


@pytest.fixture
def circle_plan(tmp_path):
    def make(lake, products=PRODUCTS, dropout=0.0, **training):
        settings = Settings(
            source="sources/shop.yaml", models=str(tmp_path / "models"),
            sequences={"length": LENGTH, "memory": MEMORY}, split={"kind": "leave_one_out"}, evaluation={"relevant": ("browse", "purchase")},
            training={"batch_size": 4, "epochs": 2, "learning_rate": 0.01, "patience": 99} | training,
        )
        definition = ModelDefinition(name="circle", width=8, dropout=dropout, head_width=16, later_share=0.0)
        version = lake.version(SEQUENCES)
        files = {split: lake.files(SEQUENCES, DS, split, version) for split in (TRAIN, VALIDATION)}
        near = lake.files(NEIGHBOURS, DS, TRAIN, lake.version(NEIGHBOURS))
        rows = lake.spark.createDataFrame([(f"p{index}", index, 20) for index in range(1, products + 1)], [c.ITEM, c.ITEM_INDEX, c.EVENTS])
        return assemble.make_plan(
            settings, definition, "circle-1", files[TRAIN], files[VALIDATION], near, (), rows.collect(), attributes=2, segments=2
        )

    return make


@pytest.fixture
def circle_batch():
    rows = [window(user, TRAIN) for user in range(4)]
    kinds = {c.MEMORY_COUNTS: np.float32, c.ATTRIBUTES: np.float32}
    names = [name for name in SEQUENCES.columns if name not in (c.USER, c.WINDOW, c.MODEL_DAY, c.SPLIT, c.DAY)]
    return {name: np.array([row[name] for row in rows], kinds.get(name, np.int32)) for name in names}
