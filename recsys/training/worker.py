"""What every training rank runs. All ranks run it alike; rank 0 also speaks and saves."""

from __future__ import annotations

import hashlib
import time

import numpy as np

from recsys.models.negatives import NegativeSampler
from recsys.sequences.feed import WEIGHT, WindowFeed
from recsys.sequences.shares import assign, rows_in, steps_per_epoch
from recsys.training.bar import progress_bar
from recsys.training.checkpoint import Progress, Weights, load, save
from recsys.training.plan import Outcome, Plan


def train_rank(plan: Plan) -> Outcome:
    """Train until the epochs, the minutes or the patience are used up; end with the weights of the best epoch."""
    import horovod.tensorflow as horovod

    horovod.init()
    _prepare_devices(plan, horovod)
    rank = _Rank(plan, horovod)
    rank.resume()
    started = time.monotonic()
    while not rank.finished(started):
        rank.run_epoch()
    rank.restore_best()
    return Outcome(
        horovod.rank(), tuple(rank.rows_read), rank.weights_digest(), tuple(rank.progress.history), rank.progress.best_epoch
    )


def _prepare_devices(plan: Plan, horovod) -> None:
    """One GPU for each rank of a machine where there are any, and as many CPU threads as were asked for."""
    import keras
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        tf.config.set_visible_devices(gpus[horovod.local_rank() % len(gpus)], "GPU")
        tf.config.experimental.set_memory_growth(gpus[horovod.local_rank() % len(gpus)], True)
    tf.config.threading.set_intra_op_parallelism_threads(plan.settings.threads_per_rank)
    tf.config.threading.set_inter_op_parallelism_threads(plan.settings.threads_per_rank)
    keras.mixed_precision.set_global_policy(plan.settings.precision)
    keras.utils.set_random_seed(plan.settings.seed + horovod.rank())


class _Rank:
    """The state of one rank: its share of the data, its copy of the model, its view of the progress."""

    def __init__(self, plan: Plan, horovod) -> None:
        from recsys.models.factory import make_model
        from recsys.training.step import make_optimizer, make_step
        from recsys.training.validation import make_scorer

        self.plan, self.horovod = plan, horovod
        self.feed = self._feed(plan.train_files, plan.settings.batch_size)
        self.validation = self._feed(plan.validation_files, plan.settings.batch_size)
        self.model = make_model(plan.definition, plan.shape, plan.products, plan.segments)
        self.optimizer = make_optimizer(plan.settings, plan.settings.epochs * self.feed.steps)
        self.optimizer.build(self.model.trainable_variables)
        self.step = make_step(self.model, self.optimizer, plan.definition, plan.settings.seed + horovod.rank(), horovod)
        self.top = make_scorer(self.model, plan.condition, plan.behaviour)
        sampled = plan.products > plan.settings.full_softmax_below
        self.sampler = NegativeSampler(plan.counts) if sampled else None
        self.progress = Progress()
        self.best: Weights = {}
        self.rows_read: list[int] = []

    def _feed(self, files: tuple, batch_size: int) -> WindowFeed:
        shares = assign(files, self.horovod.size())
        steps = steps_per_epoch(shares, batch_size)
        return WindowFeed(shares[self.horovod.rank()], self.plan.shape, batch_size, steps, self.plan.settings.seed)

    @property
    def speaks(self) -> bool:
        return self.horovod.rank() == 0

    def resume(self) -> None:
        """Go on from the checkpoint of this very training, if rank 0 finds one; give every rank the same start."""
        found = load(self.plan.checkpoint, self.plan.fingerprint) if self.speaks else None
        if found:
            self.progress, state, self.best = found
            self._set_state(state)
        self.progress = self.horovod.broadcast_object(self.progress, root_rank=0)
        self.horovod.broadcast_variables([variable.value for variable in self._variables()], root_rank=0)

    def finished(self, started: float) -> bool:
        """Whether to stop; rank 0's clock decides for all, or some would wait for the others forever."""
        settings = self.plan.settings
        late = time.monotonic() - started > 60 * settings.minutes and self.progress.epoch > 0
        done = self.progress.epoch >= settings.epochs or self.progress.stalled(settings.patience) or late
        return self.horovod.broadcast_object(done, root_rank=0)

    def run_epoch(self) -> None:
        started = time.monotonic()
        loss, targets = self._train()
        seconds = time.monotonic() - started
        ndcg = self._validate()
        entry = {
            "epoch": self.progress.epoch + 1, "loss": loss, "validation_ndcg": ndcg, "seconds": round(seconds, 1),
            "targets": targets, "validation_seconds": round(time.monotonic() - started - seconds, 1),
        }
        better = self.progress.note(entry, ndcg)
        if self.speaks:
            if better:
                self.best = {variable.path: np.array(variable) for variable in self.model.trainable_variables}
            state = [np.array(variable) for variable in self._variables()]
            save(self.plan.checkpoint, self.plan.fingerprint, self.progress, state, self.best)

    def _train(self) -> tuple[float, int]:
        rng = np.random.default_rng((self.plan.settings.seed, self.progress.epoch, self.horovod.rank()))
        losses, rows = np.zeros(2), 0
        show = progress_bar(self.progress.epoch + 1, self.plan.settings.epochs, self.feed.steps, self.speaks)
        for number, batch in enumerate(self.feed.epoch(self.progress.epoch), start=1):
            rows += int(batch[WEIGHT].sum())
            drawn = self.sampler.draw(rng, self.plan.settings.negatives) if self.sampler else None
            losses += [float(figure) for figure in self.step(batch, drawn)]
            show(number, losses[0] / max(losses[1], 1))
        self.rows_read.append(rows)
        return losses[0] / max(losses[1], 1), int(losses[1])

    def _validate(self) -> float:
        import tensorflow as tf

        from recsys.training.validation import ndcg_sum

        found = ndcg_sum(self.validation.epoch(0), self.top) if rows_in(self.validation.files) else (0.0, 0.0)
        total, users = self.horovod.allreduce(tf.constant(found, tf.float64), op=self.horovod.Sum).numpy()
        return float(total / users) if users else 0.0

    def restore_best(self) -> None:
        if self.speaks:
            for variable in self.model.trainable_variables:
                variable.assign(self.best[variable.path])
        self.horovod.broadcast_variables([variable.value for variable in self.model.trainable_variables], root_rank=0)

    def weights_digest(self) -> str:
        digest = hashlib.sha256()
        for variable in self.model.trainable_variables:
            digest.update(np.ascontiguousarray(variable).tobytes())
        return digest.hexdigest()

    def _variables(self) -> list:
        """All that a resumed training needs. Seeds are left out: Horovod cannot send their type, and epochs reseed."""
        return [*self.model.trainable_variables, *self.optimizer.variables]

    def _set_state(self, state: list[np.ndarray]) -> None:
        for variable, value in zip(self._variables(), state, strict=True):
            variable.assign(value)
