"""An LSTM over whole sequences."""

from __future__ import annotations

import keras


class LSTM(keras.layers.LSTM):
    """The hidden state after every event, P1's eq. (5): `keras.layers.LSTM` with `return_sequences`, its weights and its results.

    On processors TensorFlow has one kernel for all steps of it. As a loop over the graph, which Keras makes there, half of
    the time goes into going from one small operation to the next.

    Input and output: float [rows, length, width]. Neither a mask nor states to start from are known to it.
    """

    def __init__(self, width: int, **kwargs) -> None:
        super().__init__(width, return_sequences=True, **kwargs)

    def call(self, events):
        if keras.backend.backend() != "tensorflow" or self.compute_dtype != "float32":
            return super().call(events)
        import tensorflow as tf

        return super().call(events) if tf.config.get_visible_devices("GPU") else _at_once(self.cell, events)


def _at_once(cell: keras.layers.LSTMCell, events):
    import tensorflow as tf

    def reordered(weights):
        """Keras has the gates as input, forget, candidate, output; the kernel has the candidate before the forget gate."""
        enter, forget, candidate, leave = tf.split(weights, 4, axis=-1)
        return tf.concat([enter, candidate, forget, leave], axis=-1)

    by_step = tf.transpose(events, [1, 0, 2])
    nothing, no_peephole = tf.zeros([tf.shape(events)[0], cell.units]), tf.zeros([cell.units])
    # Not BlockLSTMV2, whose gradient TensorFlow 2.21 takes from this one, with two gates exchanged.
    states = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.shape(by_step, tf.int64)[0], x=by_step, cs_prev=nothing, h_prev=nothing,
        w=reordered(tf.concat([cell.kernel, cell.recurrent_kernel], axis=0)), b=reordered(tf.convert_to_tensor(cell.bias)),
        wci=no_peephole, wcf=no_peephole, wco=no_peephole, use_peephole=False, forget_bias=0.0, cell_clip=-1.0,
    )
    return tf.transpose(states.h, [1, 0, 2])
