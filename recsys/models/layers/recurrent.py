"""A recurrent layer that reads a sequence forwards."""

from __future__ import annotations

from functools import partial

import keras

from recsys.models.layers.lstm import LSTM

_CELLS = {"simple": partial(keras.layers.SimpleRNN, return_sequences=True), "gru": partial(keras.layers.GRU, return_sequences=True), "lstm": LSTM}


class Recurrent(keras.layers.Layer):
    """The state after every event, from the event and the state before it.

    With the cell "simple" it is P2's eq. (1) and (2): state = tanh(F_ur · input + F_rr · state before). The
    input holds what is known of the user, by weights of their own, P2's eq. (3), where the definition lets the
    segment and the attributes enter. "gru" and "lstm" have gates (P1's eq. 5).

    Input and output: float [rows, length, width], real events first, padding after them.
    """

    def __init__(self, width: int, cell: str, dropout: float, **kwargs) -> None:
        super().__init__(**kwargs)
        self.cell = _CELLS[cell](width, name=cell)
        self.drop = keras.layers.Dropout(dropout)

    def build(self, shape: tuple) -> None:
        self.cell.build(shape)

    def call(self, events, training: bool = False):
        return self.drop(self.cell(events), training=training)
