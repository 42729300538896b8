"""Steps of training on one rank and one thread: ours against the same network in Keras' own `fit`, and against SASRec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys import columns as c
from recsys.allocation import keep_memory
from recsys.greetings import without_greetings
from recsys.models.definition import ModelDefinition
from recsys.sequences.feed import WEIGHT, WindowFeed
from recsys.sequences.shape import Batch
from recsys.sequences.shares import steps_per_epoch
from recsys.settings import TrainingSettings
from tests.bench.artifact import definition_of, untrained
from tests.bench.measure import in_turns
from tests.bench.row import Aim, Row, rate
from tests.bench.shop import Shop

_FILES = 4
_SETTINGS = TrainingSettings()
_MODEL, _YARDSTICK = "bilstm_transformer", "sasrec"
_OURS, _FIT, _FIT_PLAIN, _SASREC = "our step", "Keras fit", "Keras fit without XLA", "our step, SASRec"


@dataclass(frozen=True)
class Size:
    windows: int  # a multiple of the batch size, so that no side gains by a half empty batch
    products: int
    repeats: int


SIZES = {"full": Size(1_024, 5_000, 4), "small": Size(64, 100, 1)}


def rows(size: Size, folder: Path) -> Iterator[Row]:
    _as_a_rank()
    shop = Shop(size.products)
    whole = shop.windows(size.windows) | {WEIGHT: np.ones(size.windows, np.float32)}
    files = shop.write(size.windows, folder / "windows", _FILES)
    feed = WindowFeed(files, shop.shape, _SETTINGS.batch_size, steps_per_epoch([files], _SETTINGS.batch_size), _SETTINGS.seed)
    trimmed = list(feed.epoch(0))
    definition = definition_of(_MODEL)
    found = in_turns({
        _OURS: _ours(definition, shop, trimmed), _FIT: _fit(definition, shop, whole, "auto"),
        _FIT_PLAIN: _fit(definition, shop, whole, False), _SASREC: _ours(definition_of(_YARDSTICK), shop, trimmed),
    }, size.repeats)
    targets = int((whole[c.LENGTH] - 1).sum())
    speed = {name: rate(taken, targets, "targets") for name, taken in found.items()}
    what = (
        f"{_MODEL}, {size.products:,} products, batches of {_SETTINGS.batch_size} windows of {shop.shape.length}, "
        f"{whole[c.LENGTH].mean() / shop.shape.length:.0%} full, one thread"
    )
    yield Row(f"step of {what}", speed[_OURS], "Keras fit as it comes (XLA where Keras chooses it), whole windows", speed[_FIT], Aim(least=1.5))
    yield Row(f"step of {what}", speed[_OURS], "Keras fit, jit_compile=False, whole windows", speed[_FIT_PLAIN], Aim(least=1.5))
    yield Row(f"step of {what}", speed[_OURS], "our step of SASRec, two blocks, as wide", speed[_SASREC], Aim(least=1))


def _as_a_rank() -> None:
    """One thread, and memory that is kept; both for Keras' own training too."""
    keep_memory()
    with without_greetings():
        import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(_SETTINGS.threads_per_rank)
    tf.config.threading.set_inter_op_parallelism_threads(_SETTINGS.threads_per_rank)


def _ours(definition: ModelDefinition, shop: Shop, batches: list[Batch]) -> Callable[[], None]:
    """One epoch of the steps of `recsys.training.worker`, with a Horovod of one rank."""
    with without_greetings():
        import horovod.tensorflow as horovod

        horovod.init()
    from recsys.training.step import make_optimizer, make_step

    model = untrained(definition, shop)
    optimizer = make_optimizer(_SETTINGS)
    optimizer.build(model.trainable_variables)
    step, rng = make_step(model, optimizer, definition, horovod), np.random.default_rng(_SETTINGS.seed)

    def epoch() -> None:
        for batch in batches:
            step(batch, None, rng, _SETTINGS.learning_rate)

    return epoch


def _fit(definition: ModelDefinition, shop: Shop, whole: Batch, jit_compile: bool | str) -> Callable[[], None]:
    """One epoch of Keras' own training: every window at full length, the softmax at every position."""
    import keras
    import tensorflow as tf

    from tests.bench.stock import Stock

    model = Stock(untrained(definition, shop), definition)
    model.compile(optimizer=keras.optimizers.Adam(_SETTINGS.learning_rate, beta_2=0.98), jit_compile=jit_compile)
    batches = tf.data.Dataset.from_tensor_slices(whole).shuffle(len(whole[WEIGHT])).batch(_SETTINGS.batch_size, drop_remainder=True)
    return lambda: model.fit(batches, epochs=1, verbose=0)
