"""The recommender that a definition describes: events in, a probability for every product out."""

from __future__ import annotations

from typing import NamedTuple

import keras
from keras import ops

from recsys.models.conditions import CONDITIONS
from recsys.models.definition import BiLSTMDefinition, LayerDefinition, ModelDefinition, RecurrentDefinition, TransformerDefinition
from recsys.models.follows import Follows
from recsys.models.inputs import BEHAVIOUR_CODES, EventEmbedding
from recsys.models.layers.bilstm import PrefixBiLSTM
from recsys.models.layers.copy_path import CopyPath
from recsys.models.layers.follow_path import FollowPath
from recsys.models.layers.recurrent import Recurrent
from recsys.models.layers.taste_path import TastePath
from recsys.models.layers.transformer import CausalTransformer
from recsys.models.layers.trends import Trends, tilted
from recsys.models.losses import catalogue_log_likelihood, without_padding
from recsys.models.negatives import Negatives
from recsys.models.places import spread
from recsys.models.targets import ORDER, PLACES, Targets

_FAR = -1e9


class Moves(NamedTuple):
    """By how much what the validation part finds differs from where it begins."""

    copy: float = 0.0  # of the log odds of the share of the copy path
    follow: float = 0.0  # the same of the follow path
    taste: float = 0.0  # and of the taste path
    own: float = 0.0  # of the power of trends among a user's own products
    rare: float = 0.0  # of the power of rarity in the follow path
    others: float = 0.0  # of the power of trends among those that catalogue and follow path speak of


NOT_MOVED = Moves()


class _Said(NamedTuple):
    """What a path says beside the catalogue: a distribution over the products in `places` [rows, any], and its share of the probability."""

    places: object  # int32, 0 padded
    weights: object  # float32
    odds: object  # float32 [rows, 1], the log of share / (1 - share)


class Recommender(keras.Model):
    """Embedding → layers of the definition (P1: BiLSTM, then Transformer) → head → products.

    The head is P1's eq. (6), `Linear(ReLU(Linear(T)))`; its last Linear is factored through the product table,
    so that a product is read and predicted by the same vector. Beside the softmax over the catalogue stand the copy
    path over the user's own history, the follow path over what others did after the same products, and the taste path
    over what others have who have the same products:
    `p = (1 - taste) · ((1 - follow) · ((1 - copy) · p_catalogue + copy · p_copy) + follow · p_follow) + taste · p_taste`.
    The shares of copy and follow path are learned and corrected by `recsys.training.balance`, which finds that of the taste
    path; training does without that.

    A batch is a dict of the array columns of table `sequences`. Pure `keras.ops`: any Keras backend runs it.
    """

    def __init__(self, definition: ModelDefinition, products: int, segments: int, **kwargs) -> None:
        super().__init__(name=definition.name, **kwargs)
        self.definition, self.products = definition, products
        width = definition.width
        self.events = EventEmbedding(definition.inputs, width, products, segments, definition.dropout, name="events")
        self.encoder = [_make(layer, definition, number) for number, layer in enumerate(definition.layers)]
        self.encoded_norm = keras.layers.LayerNormalization(name="encoded_norm")
        self.conditions = keras.layers.Embedding(CONDITIONS, width, name="conditions")
        self.wanted = keras.layers.Embedding(BEHAVIOUR_CODES, width, name="wanted")
        self.head_inner = keras.layers.Dense(definition.head_width, activation="relu", name="head_inner") if definition.head_width else None
        self.head_outer = keras.layers.Dense(width, name="head_outer") if definition.head_width else None
        self.head_drop = keras.layers.Dropout(definition.dropout)
        self.copy_path = CopyPath(width, CONDITIONS, name="copy_path") if definition.copy_path else None
        self.follow_path = FollowPath(products, definition.neighbours, CONDITIONS, name="follow_path") if definition.neighbours else None
        self.taste_path = TastePath(products, definition.likenesses, name="taste_path") if definition.likenesses else None
        self.trends = Trends(products, name="trends") if definition.trend else None

    def build(self, shapes: dict[str, tuple]) -> None:
        events = (*shapes["items"], self.definition.width)
        self.events.build(shapes)
        for layer in self.encoder:
            layer.build(events)
        self.encoded_norm.build(events)
        self.conditions.build(shapes["items"])
        self.wanted.build(shapes["items"])
        if self.head_inner is not None:
            self.head_inner.build(events)
            self.head_outer.build((*shapes["items"], self.definition.head_width))
        if self.copy_path is not None:
            self.copy_path.build(events, events)
        if self.follow_path is not None:
            self.follow_path.build(events)
        self.bias = self.add_weight(shape=(self.products + 1,), initializer="zeros", name="bias")

    @property
    def table(self):
        """The product embeddings, float [products + 1, width]; row 0 is padding."""
        return self.events.items.embeddings

    @property
    def balance(self) -> list:
        """What `Moves` move, in their order, each a variable [1] or None where the model has it not."""
        copies, tastes, trends = self.copy_path, self.taste_path, self.trends
        return [
            copies and copies.share, self.follow_path and self.follow_path.share.bias, tastes and tastes.share,
            copies and trends and trends.own, self.follow_path and self.follow_path.rarity, trends and trends.others,
        ]

    @property
    def kept(self) -> list:
        """The variables that make the model: what was learned, and what was counted or found."""
        return [*self.trainable_variables, *(table for part in self._counted for table in part.tables)]

    @property
    def _counted(self) -> list:
        return [part for part in (self.follow_path, self.taste_path, self.trends) if part is not None]

    def fill(self, follows: Follows) -> None:
        """Look up what others did in `follows` from now on."""
        for part in self._counted:
            part.fill(follows)

    def encode(self, batch: dict, training: bool = False):
        """The state after every event, [rows, length, width]. No state depends on a later event."""
        states = self.events(batch, training=training)
        for layer in self.encoder:
            states = layer(states, training=training)
        return self.encoded_norm(states)

    def encode_at(self, batch: dict, place):
        """`encode` at one place of each row, int [rows, 1], alone: [rows, 1, width]. The last layer does no more than that needs."""
        states = self.events(batch)
        *before, final = self.encoder
        for layer in before:
            states = layer(states)
        if isinstance(final, CausalTransformer):
            return self.encoded_norm(final.at(states, place))
        return self.encoded_norm(ops.take_along_axis(final(states), place[..., None], axis=1))

    def log_likelihood(self, batch: dict, targets: Targets, negatives: Negatives | None, training: bool = False):
        """float32 [rows, length]: log p of each position's target; without meaning where its weight is 0.

        The softmax over the catalogue is most of the work. If `batch` holds what `wanted_places` gives, it is done for
        these places alone.
        """
        states = self.encode(batch, training=training)
        rows, length, width = ops.shape(states)
        asked = self._ask(states, targets.condition, targets.behaviour)
        queries, items = ops.reshape(asked, (-1, width)), ops.reshape(targets.items, (-1,))
        if PLACES in batch:
            queries, items = ops.take(queries, batch[PLACES], axis=0), ops.take(items, batch[PLACES])
        catalogue = catalogue_log_likelihood(self._head(queries, training), items, self.table, self.bias, negatives)
        catalogue = ops.take(catalogue, batch[ORDER]) if PLACES in batch else ops.reshape(catalogue, (rows, length))
        known = catalogue
        if self.copy_path is not None:
            place = ops.broadcast_to(ops.arange(length)[None, :], (rows, length))
            weights, odds = self._copy(asked, targets.condition, batch["days"], place, batch, training)
            places = ops.concatenate([batch["items"], batch["memory_items"]], axis=1)
            same = places[:, None, :] == targets.items[:, :, None]
            copied = ops.logsumexp(ops.where(same, weights, _FAR), axis=-1)
            known = _mixture(catalogue, copied, odds)
        if self.follow_path is None:
            return known
        odds, followed = self.follow_path.log_likelihood(asked, targets.condition, batch["items"], targets.items)
        return _mixture(known, followed, odds)

    def call(self, batch: dict, condition: int, behaviour: int):
        """float32 [rows, products + 1]: the probability of every product to be the next one; 0 for padding.

        Args:
            batch: windows with at least one event each.
            condition: NEXT_EVENT or LATER_VISIT.
            behaviour: code of the behaviour asked for, ANY_BEHAVIOUR for any.
        """
        return self.mixed(self.by_path(batch, condition, behaviour))

    def mixed(self, said: tuple, copy=0.0, follow=0.0, taste=0.0, own=0.0, rare=0.0):
        """What `by_path` gives as one distribution over the products, float32 [rows, products + 1].

        All of `Moves` but the last are added here; that one by `leaning`.
        """
        catalogue, copied, followed, tasted = said
        if self.trends is not None:
            copied = self._tilted(copied, self.trends.own + own)
        if followed is not None:
            followed = followed._replace(weights=self.follow_path.rarer(followed.weights, followed.places, rare))
        share, places, weights = 1.0, [], []  # of the catalogue; where the other paths add to it, and how much
        for path, move in ((copied, copy), (followed, follow), (tasted, taste)):
            if path is not None:
                rest = ops.sigmoid(-path.odds - move)
                share, weights = rest * share, [rest * weight for weight in weights]
                places.append(path.places)
                weights.append(ops.sigmoid(path.odds + move) * path.weights)
        if not places:
            return catalogue
        # Rows × products is large: each pass over it that is saved is a tenth of what a list takes beside the encoder.
        return share * catalogue + spread(ops.concatenate(weights, axis=1), ops.concatenate(places, axis=1), self.products + 1)

    def by_path(self, batch: dict, condition: int, behaviour: int):
        """The distribution over the catalogue, float32 [rows, products + 1], and what copy, follow and taste path say; None for a path that is not there.

        Catalogue and follow path are tilted by trends, the copy path not yet, nor the follow path by rarity. Arguments as for `call`.
        """
        last = ops.maximum(batch["length"] - 1, 0)[:, None]
        asked = self._ask(self.encode_at(batch, last), ops.full_like(last, condition), ops.full_like(last, behaviour))
        query = self._head(asked, False)[:, 0, :]
        scores = ops.cast(ops.matmul(query, ops.transpose(ops.cast(self.table, query.dtype))), "float32")
        bias, conditions = without_padding(self.bias), ops.full_like(last, condition)
        if self.trends is not None:
            bias = bias + self.trends.favour(self.trends.others)
        catalogue = ops.softmax(scores + bias, axis=-1)
        copied = followed = tasted = None
        day = ops.take_along_axis(batch["days"], last, axis=1)
        if self.copy_path is not None:
            log_weights, odds = self._copy(asked, conditions, day, last, batch)
            copied = _Said(ops.concatenate([batch["items"], batch["memory_items"]], axis=1), ops.exp(log_weights[:, 0, :]), odds)
        if self.follow_path is not None:
            odds, products, weights = self.follow_path.distribution(asked, conditions, batch["items"], last)
            followed = _Said(products, weights, odds)
            if self.trends is not None:
                followed = self._tilted(followed, self.trends.others)
        if self.taste_path is not None:
            odds, products, weights = self.taste_path.distribution(batch, day)
            tasted = _Said(products, weights, odds)
        return catalogue, copied, followed, tasted

    def leaning(self, said: tuple, others: float):
        """What `by_path` would give if the power of trends in catalogue and follow path were by `others` higher."""
        if self.trends is None or not others:
            return said
        catalogue, copied, followed, tasted = said
        return tilted(catalogue, self.trends.favour(others)), copied, self._tilted(followed, others), tasted

    def _tilted(self, said: _Said | None, power):
        return None if said is None else said._replace(weights=tilted(said.weights, self.trends.favour(power, said.places)))

    def _ask(self, states, condition, behaviour):
        asked = states + self.conditions(condition)
        return asked + self.wanted(behaviour) if self.definition.inputs.behaviours else asked

    def _head(self, asked, training):
        if self.head_inner is None:
            return asked
        return self.head_outer(self.head_drop(self.head_inner(asked), training=training))

    def _copy(self, asked, condition, day, place, batch: dict, training: bool = False):
        keys = ops.take(self.table, batch["items"], axis=0), ops.take(self.table, batch["memory_items"], axis=0)
        return self.copy_path(asked, condition, day, place, keys, batch, training=training)


def _mixture(rest, said, odds):
    """The log likelihood where a path that has `said` one is heard with log odds `odds`, and the `rest` otherwise; all of one shape."""
    return ops.logaddexp(ops.log_sigmoid(-odds) + rest, ops.log_sigmoid(odds) + said)


def _make(layer: LayerDefinition, model: ModelDefinition, number: int) -> keras.layers.Layer:
    name = f"{layer.kind}_{number}"
    if isinstance(layer, BiLSTMDefinition):
        return PrefixBiLSTM(model.width, layer.backward_window, model.dropout, name=name)
    if isinstance(layer, RecurrentDefinition):
        return Recurrent(model.width, layer.cell, model.dropout, name=name)
    assert isinstance(layer, TransformerDefinition)
    return CausalTransformer(model.width, layer.blocks, layer.heads, layer.feed_forward, model.dropout, layer.positions, name=name)
