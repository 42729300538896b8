"""Global features of a sequence by a bidirectional LSTM that never reads past the position it describes."""

from __future__ import annotations

import keras
from keras import ops

from recsys.models.layers.lstm import LSTM


class PrefixBiLSTM(keras.layers.Layer):
    """For every position: a forward LSTM over the prefix that ends there, a backward LSTM over its last items.

    P1's BiLSTM (gates, its eq. 5) reads a whole sequence in both directions. Every prefix of a sequence is
    such a sequence, so all of them are read at once: the forward half is one LSTM, and the backward half of the
    prefix that ends at t reads t, t-1, ..., t-window+1. No position sees a later one, so every position can be
    a training target. What is not kept of a plain BiLSTM: its backward half forgets all but the last `window`.

    Input and output: float [rows, length, width], real events first, padding after them.
    """

    def __init__(self, width: int, backward_window: int, dropout: float, **kwargs) -> None:
        super().__init__(**kwargs)
        self.width, self.window = width, backward_window
        self.forward = LSTM(width, name="forward")
        self.backward_input = keras.layers.Dense(4 * width, use_bias=False, name="backward_input")
        self.backward_state = keras.layers.Dense(
            4 * width, kernel_initializer="orthogonal", bias_initializer=_open_forget_gate, name="backward_state"
        )
        self.join = keras.layers.Dense(width, name="join")
        self.drop = keras.layers.Dropout(dropout)

    def build(self, shape: tuple) -> None:
        self.forward.build(shape)
        self.backward_input.build(shape)
        self.backward_state.build((None, self.width))
        self.join.build((*shape[:-1], 2 * self.width))

    def call(self, events, training: bool = False):
        both = ops.concatenate([self.forward(events), self._read_back(events)], axis=-1)
        return events + self.drop(self.join(both), training=training)

    def _read_back(self, events):
        """The state of the backward LSTM after t, t-1, ..., t-window+1, for all t at once.

        The input's part of the gates is computed once, and states move along it; where the event to read would lie
        before the first, the state is kept as it is, rolled around to the end.
        """
        length, inputs = ops.shape(events)[1], self.backward_input(events)
        hidden, cell = self._gated(inputs + ops.cast(self.backward_state.bias, inputs.dtype), None)  # of no state yet
        for step in range(1, self.window):
            # What stands at s belongs to the prefix that ends at s + step, and reads s: states are narrower than inputs.
            hidden, cell = ops.roll(hidden, -1, axis=1), ops.roll(cell, -1, axis=1)
            exists = (ops.arange(length) < length - step)[None, :, None]
            found = self._gated(inputs + self.backward_state(hidden), cell)
            hidden, cell = (ops.where(exists, new, old) for new, old in zip(found, (hidden, cell)))
        return ops.roll(hidden, self.window - 1, axis=1)

    @staticmethod
    def _gated(gates, cell):
        """Hidden and cell state after a step, P1's eq. (5); `cell` is None before the first."""
        enter, forget, candidate, leave = ops.split(gates, 4, axis=-1)
        entered = ops.sigmoid(enter) * ops.tanh(candidate)
        cell = entered if cell is None else ops.sigmoid(forget) * cell + entered
        return ops.sigmoid(leave) * ops.tanh(cell), cell


def _open_forget_gate(shape: tuple, dtype: str | None = None):
    """Biases of zero, and of one for the forget gate, the second of four (Jozefowicz et al., 2015)."""
    part = shape[0] // 4
    return ops.concatenate([ops.zeros(part, dtype), ops.ones(part, dtype), ops.zeros(2 * part, dtype)])
