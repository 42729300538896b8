"""One step of training on one rank: the only module that knows how TensorFlow differentiates."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from recsys.models.definition import ModelDefinition
from recsys.models.negatives import Negatives
from recsys.models.recommender import Recommender
from recsys.models.targets import ORDER, PLACES, draw_targets, wanted_places
from recsys.sequences.shape import OF_EVENTS, OF_MEMORY
from recsys.settings import TrainingSettings

_CLIP = 5.0  # global norm of the gradient; only the first steps ever reach it
_SEED = "seed_generator_state"  # how Keras names the state of whatever draws random numbers


class _Adam(keras.optimizers.Adam):
    """Keras' Adam, by the one kernel that TensorFlow has for it: of a large product table every pass counts, and Keras makes twelve."""

    def update_step(self, gradient, variable, learning_rate) -> None:
        place, step = self._get_variable_index(variable), keras.ops.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle, m=self._momentums[place].value.handle, v=self._velocities[place].value.handle,
            beta1_power=self.beta_1**step, beta2_power=self.beta_2**step, lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1, beta2=self.beta_2, epsilon=self.epsilon, grad=tf.convert_to_tensor(gradient),
        )


def make_optimizer(settings: TrainingSettings) -> keras.optimizers.Optimizer:
    """Adam, whose rate every step sets; loss scaling where float16 needs it."""
    adam = _Adam(settings.learning_rate, beta_2=0.98, global_clipnorm=_CLIP, name="adam")
    return keras.optimizers.LossScaleOptimizer(adam) if settings.precision == "mixed_float16" else adam


def make_step(
    model: Recommender, optimizer: keras.optimizers.Optimizer, definition: ModelDefinition, horovod
) -> Callable[[dict, Negatives | None, np.random.Generator, float, float], np.ndarray]:
    """A compiled step: batch, random numbers, learning rate and a clock in; summed loss, targets and clocks of all ranks out.

    Every rank adds up its gradients, and the sum is divided by the targets of all ranks. So a rank whose batch
    is half empty, or empty, counts for as much as it holds, and the result is that of one large batch.

    Whatever is random in a step, targets and dropout, follows from the generator that it is given: a training
    that goes on from a checkpoint does the step that it would have done.
    """
    generator = keras.random.SeedGenerator(0)
    seeds = [*(variable for variable in model.variables if variable.path.endswith(_SEED)), generator.state]
    variables = model.trainable_variables
    sources = [variable.value for variable in variables]  # Horovod wants TensorFlow's own variables
    adam = getattr(optimizer, "inner_optimizer", optimizer)

    @tf.function(reduce_retracing=True, autograph=False)
    def step(batch, items, log_expected, drawn_seeds, rate, clock):
        adam.learning_rate.assign(rate)
        for variable, drawn in zip(seeds, tf.unstack(drawn_seeds)):
            variable.assign(tf.cast(drawn, variable.dtype))
        negatives = None if items is None else Negatives(items, log_expected)
        with tf.GradientTape() as tape:
            targets = draw_targets(batch, definition.later_share, definition.horizon_days, generator)
            likelihood = model.log_likelihood(batch, targets, negatives, training=True)
            loss = -tf.reduce_sum(likelihood * targets.weight)
            scaled = optimizer.scale_loss(loss)
        # Tied product embeddings make huge IndexedSlices; dense sums are faster and Horovod sends them as one.
        # All in one group, always: else Horovod adds up together what happens to be ready, and of three ranks or more
        # the order of the sum, so its last bits, would differ from run to run.
        tape = horovod.DistributedGradientTape(tape, op=horovod.Sum, sparse_as_dense=True, groups=1)
        totals = horovod.allreduce(tf.stack([loss, tf.reduce_sum(targets.weight), clock]), op=horovod.Sum)
        share = tf.maximum(totals[1], 1.0)
        # A weight whose input the definition leaves out has no gradient, on no rank.
        found = [(gradient, variable) for gradient, variable in zip(tape.gradient(scaled, sources), variables) if gradient is not None]
        optimizer.apply_gradients([(gradient / tf.cast(share, gradient.dtype), variable) for gradient, variable in found])
        return totals

    traced = False

    def run(batch: dict, negatives: Negatives | None, rng: np.random.Generator, rate: float, clock: float = 0.0) -> np.ndarray:
        nonlocal traced
        tensors = {name: tf.convert_to_tensor(array) for name, array in (batch | wanted_places(batch)).items()}
        drawn = [tf.convert_to_tensor(array) for array in (negatives.items, negatives.log_expected)] if negatives else [None, None]
        drawn.append(tf.convert_to_tensor(rng.integers(2**31, size=(len(seeds), 2))))
        drawn += [tf.constant(rate, tf.float32), tf.constant(clock, tf.float32)]
        if not traced:
            step.get_concrete_function({name: _of_any_width(name, tensor) for name, tensor in tensors.items()}, *drawn)
            traced = True
        return step(tensors, *drawn).numpy()

    return run


def _of_any_width(name: str, tensor: tf.Tensor) -> tf.TensorSpec:
    """What stands for all widths that a batch may be trimmed to, so that the step is traced once."""
    if name == PLACES:
        return tf.TensorSpec([None], tensor.dtype)
    shape = [tensor.shape[0], None] if name in (*OF_EVENTS, *OF_MEMORY, ORDER) else tensor.shape
    return tf.TensorSpec(shape, tensor.dtype)
