"""Our network as a stock Keras model, for Keras' own `fit`."""

from __future__ import annotations

import keras
from keras import ops

from recsys.models.definition import ModelDefinition
from recsys.models.recommender import Recommender
from recsys.models.targets import draw_targets


class Stock(keras.Model):
    """The loss of the nightly training at every position of a whole window, padding included, its mean over the targets."""

    def __init__(self, network: Recommender, definition: ModelDefinition) -> None:
        super().__init__()
        self.network, self.definition = network, definition
        self.draws = keras.random.SeedGenerator(17)

    def call(self, batch: dict, training: bool = False):
        targets = draw_targets(batch, self.definition.later_share, self.definition.horizon_days, self.draws)
        likelihood = self.network.log_likelihood(batch, targets, None, training=training)
        self.add_loss(-ops.sum(likelihood * targets.weight) / ops.maximum(ops.sum(targets.weight), 1.0))
        return likelihood
