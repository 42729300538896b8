"""Keras' progress bar, shown by one rank only."""

from __future__ import annotations

from collections.abc import Callable

_SECONDS = 10.0  # between two lines; a rank's output is a pipe, where the bar cannot redraw itself


def progress_bar(epoch: int, epochs: int, steps: int, shown: bool) -> Callable[[int, float], None]:
    """A function to call with the step just done and the mean loss so far; it does nothing unless `shown`."""
    if not shown:
        return lambda step, loss: None
    from keras.utils import Progbar

    print(f"Epoch {epoch}/{epochs}", flush=True)
    bar = Progbar(steps, interval=_SECONDS, stateful_metrics=["loss"])
    return lambda step, loss: bar.update(step, [("loss", loss)])
