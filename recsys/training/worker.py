"""What every training rank runs. All ranks run it alike; rank 0 also speaks and saves."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from recsys import columns as c
from recsys.allocation import keep_memory
from recsys.faults import BadSettings
from recsys.lake import DataFile
from recsys.models.bounds import rows_at_once
from recsys.models.follows import Follows
from recsys.models.negatives import NegativeSampler
from recsys.sequences.feed import WEIGHT, WindowFeed, read_rows
from recsys.sequences.shape import Batch
from recsys.sequences.shares import assign, steps_per_epoch
from recsys.training.bar import progress_bar
from recsys.training.checkpoint import Progress, Weights, load, refuse_unmarked, save
from recsys.training.pace import learning_rate, stalled
from recsys.training.plan import Outcome, Plan
from recsys.training.signs import READING, SAVING, TOGETHER, Signs
from recsys.training.start import product_vectors

log = logging.getLogger(__name__)
_STARTING_WINDOWS = 50_000  # from which product vectors start, at most


def train_rank(plan: Plan, signs: Signs) -> Outcome:
    """Train until the epochs, the minutes or the patience are used up; end with the weights of the best epoch.

    The rank tells `signs` whatever it goes on to.
    """
    keep_memory()
    import horovod.tensorflow as horovod

    horovod.init()
    _prepare_devices(plan, horovod)
    rank = _Rank(plan, signs, horovod)
    rank.resume()
    while not rank.finished():
        rank.run_epoch()
    ended_with = rank.weights_digest()  # told before rank 0 gives its best to all: ranks that did not train as one differ here
    rank.restore_best()
    return Outcome(
        horovod.rank(), tuple(rank.rows_read), ended_with, tuple(rank.progress.history), rank.progress.best_epoch
    )


def _prepare_devices(plan: Plan, horovod) -> None:
    """One GPU for each rank where there are any, and as many CPU threads as were asked for."""
    import keras
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        own = gpus[_card(horovod.local_rank(), len(gpus))]
        tf.config.set_visible_devices(own, "GPU")
        tf.config.experimental.set_memory_growth(own, True)
    tf.config.threading.set_intra_op_parallelism_threads(plan.settings.threads_per_rank)
    tf.config.threading.set_inter_op_parallelism_threads(plan.settings.threads_per_rank)
    keras.mixed_precision.set_global_policy(plan.settings.precision)
    keras.utils.set_random_seed(plan.settings.seed + horovod.rank())


def _card(local_rank: int, seen: int) -> int:
    """Which of the `seen` cards is this rank's: the one that Spark gave its task, whose host may serve other tasks too, else that of its number on the host.

    In a container with only its own cards these are numbered anew, from 0.
    """
    from horovod.spark.task import get_available_devices

    assigned = get_available_devices()
    return int(assigned[0] if assigned else local_rank) % seen


class _Rank:
    """The state of one rank: its share of the data, its copy of the model, its view of the progress."""

    def __init__(self, plan: Plan, signs: Signs, horovod) -> None:
        from recsys.models.factory import make_model
        from recsys.training.average import Average
        from recsys.training.step import make_optimizer, make_step
        from recsys.training.validation import Validation

        self.plan, self.signs, self.horovod = plan, signs, horovod
        self.feed = self._feed(plan.train_files, plan.settings.batch_size)
        self.model = make_model(plan.definition, plan.shape, plan.products, plan.segments)
        self.optimizer = make_optimizer(plan.settings)
        self.optimizer.build(self.model.trainable_variables)
        self.average = Average(self.model.trainable_variables)
        self.step = make_step(self.model, self.optimizer, plan.definition, horovod)
        unseen = self._feed(plan.validation_files, rows_at_once(plan.settings.batch_size, plan.products + 1))
        self.validation = Validation(plan, self.model, unseen, horovod, self._at)
        sampled = plan.products > plan.settings.full_softmax_below
        self.sampler = NegativeSampler(plan.counts) if sampled else None
        self.progress = Progress()
        self.best: Weights = {}
        self.rows_read: list[int] = []
        self.time = 0.0  # the share of training.minutes that is spent, by the clock of rank 0 and alike on all ranks
        self.clock = self.saved = time.monotonic()  # up to when the progress knows its seconds; when it was last saved

    def _feed(self, files: tuple, batch_size: int) -> WindowFeed:
        shares = assign(files, self.horovod.size())
        steps = steps_per_epoch(shares, batch_size)
        return WindowFeed(shares[self.horovod.rank()], self.plan.shape, batch_size, steps, self.plan.settings.seed)

    @property
    def speaks(self) -> bool:
        return self.horovod.rank() == 0

    def resume(self) -> None:
        """Go on from the checkpoint of this very training, if rank 0 finds one; give every rank the same start."""
        self.signs.at(TOGETHER)
        if self.speaks:
            refuse_unmarked(self.plan.checkpoint)
        found = load(self.plan.checkpoint, self.plan.fingerprint) if self.speaks else None
        if found:
            self.progress, state, self.best = found
            self._set_state(state)
            log.warning("Training goes on from its checkpoint: %d epochs and %d steps are done.", self.progress.epoch, self.progress.step)
        if self.horovod.broadcast_object(found is None, root_rank=0):
            self._begin()
        self.progress = self.horovod.broadcast_object(self.progress, root_rank=0)
        self.horovod.broadcast_variables([variable.value for variable in self._variables()], root_rank=0)
        self.time = self._time()
        self.clock = self.saved = time.monotonic()

    def _begin(self) -> None:
        """Give rank 0 what is known before the first step: where product vectors start, and which products come together."""
        plan, model = self.plan, self.model
        if not self.speaks:
            return
        model.table.assign(product_vectors(self._first_windows(), plan.products, model.table.shape[1], plan.settings.seed))
        near, alike = (
            self._counted(files if part is not None else ()) for files, part in ((plan.neighbour_files, model.follow_path), (plan.likeness_files, model.taste_path))
        )
        model.fill(replace(near, lately=plan.lately, alike=alike))
        self.average.add(0)  # of no step yet: where it starts from

    def _counted(self, files: Sequence[DataFile]) -> Follows:
        rows = read_rows(files, (c.ITEM_INDEX, c.ITEMS, c.COUNTS))
        return Follows.of_rows(rows[c.ITEM_INDEX], rows[c.ITEMS], rows[c.COUNTS], self.plan.products)

    def _first_windows(self) -> Iterator[np.ndarray]:
        """The products of windows of all ranks: all of them, or as many as take some seconds to look through."""
        files, size, seed = self.plan.train_files, self.plan.settings.batch_size, self.plan.settings.seed
        every = WindowFeed(files, self.plan.shape, size, steps_per_epoch([files], size), seed)
        return islice((batch[c.ITEMS] for batch in every.epoch(0)), max(_STARTING_WINDOWS // size, 1))

    def finished(self) -> bool:
        """Whether to stop; rank 0's clock decides for all, or some would wait for the others forever."""
        self._at(TOGETHER)
        settings, progress = self.plan.settings, self.progress
        late = self._time() > 1.0 and progress.epoch > 0
        done = progress.epoch >= settings.epochs or stalled(progress.scores, settings.patience, settings.least_gain) or late
        return self.horovod.broadcast_object(done and progress.step == 0, root_rank=0)

    def run_epoch(self) -> None:
        self._train()
        from recsys.training.balance import balanced

        progress, started = self.progress, time.monotonic()
        with self.average.used():
            ndcg, moves = self.validation.judge()
            entry = {
                "epoch": progress.epoch + 1, "loss": progress.mean_loss, "validation_ndcg": ndcg, "seconds": round(progress.seconds, 1),
                "targets": int(progress.targets), "validation_seconds": round(time.monotonic() - started, 1),
                **{f"{name}_moved": moved for name, moved in moves._asdict().items()},
            }
            self._tick()
            self.signs.warm()
            if progress.note(entry) and self.speaks:
                with balanced(self.model, moves):
                    self.best = {variable.path: np.array(variable) for variable in self.model.kept}
        if self.speaks:
            self._save()

    def _train(self) -> None:
        """The steps of the epoch under way that are still to be done, or as many as the minutes allow."""
        progress, rows = self.progress, []

        def passed(count: int) -> None:
            self._at(READING)
            rows.append(count)

        self._at(READING)
        show = progress_bar(progress.epoch + 1, self.plan.settings.epochs, self.feed.steps, self.speaks)
        for batch in self.feed.epoch(progress.epoch, progress.step, passed):
            self._at(TOGETHER)
            rows.append(int(batch[WEIGHT].sum()))
            loss, targets, self.time = map(float, self._step(batch))
            self._refuse_no_number(loss)
            self.average.add(self._steps_done())
            progress.add(loss, targets)
            self._at(READING)
            self._tick()
            show(progress.step, progress.mean_loss)
            # The other ranks hold the same weights, so nothing but this rank's clock needs to say when.
            if self.speaks and self.clock - self.saved > 60 * self.plan.settings.checkpoint_minutes:
                self._save()
            if self.time >= 1.0:
                return
        self.rows_read.append(sum(rows))

    def _step(self, batch: Batch) -> np.ndarray:
        """One step; what is random in it follows from its place in the training, not from what went before."""
        settings = self.plan.settings
        rng = np.random.default_rng((settings.seed, self.horovod.rank(), self.progress.epoch, self.progress.step))
        drawn = self.sampler.draw(rng, settings.negatives) if self.sampler else None
        rate = learning_rate(settings, self._steps_done(), settings.epochs * self.feed.steps, self.time)
        return self.step(batch, drawn, rng, rate, self._time() if self.speaks else 0.0)

    def _steps_done(self) -> int:
        return self.progress.epoch * self.feed.steps + self.progress.step

    def _refuse_no_number(self, loss: float) -> None:
        """All ranks know the same sum, so all end. With float16 a step may overflow: its optimizer leaves that out."""
        settings = self.plan.settings
        if not math.isfinite(loss) and settings.precision != "mixed_float16":
            raise BadSettings(
                f"Training diverged: in step {self.progress.step + 1} of epoch {self.progress.epoch + 1} the loss is {loss}. Lower "
                f"training.learning_rate, which is {settings.learning_rate:g}. No model was saved."
            )

    def _time(self) -> float:
        return self.progress.spent / (60 * self.plan.settings.minutes)

    def _tick(self) -> None:
        now = time.monotonic()
        self.progress.seconds += now - self.clock
        self.progress.spent += now - self.clock
        self.clock = now

    def _at(self, doing: str) -> None:
        self.signs.at(doing, self.progress.epoch + 1, self.progress.step + 1)

    def _save(self) -> None:
        self._at(SAVING)
        save(self.plan.checkpoint, self.plan.fingerprint, self.progress, [np.array(variable) for variable in self._variables()], self.best)
        self.saved = time.monotonic()
        self._at(READING)

    def restore_best(self) -> None:
        if self.speaks:
            for variable in self.model.kept:
                variable.assign(self.best[variable.path])
        self.horovod.broadcast_variables([variable.value for variable in self.model.kept], root_rank=0)

    def weights_digest(self) -> str:
        digest = hashlib.sha256()
        for variable in self.model.kept:
            digest.update(np.ascontiguousarray(variable).tobytes())
        return digest.hexdigest()

    def _variables(self) -> list:
        """All that a resumed training needs. Seeds are left out: every step sets them anew."""
        return [*self.model.kept, *self.optimizer.variables, *self.average.values]

    def _set_state(self, state: list[np.ndarray]) -> None:
        for variable, value in zip(self._variables(), state, strict=True):
            variable.assign(value)
