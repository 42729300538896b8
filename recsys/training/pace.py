"""How fast to learn at which step: up within the first steps, then down along a cosine until the training is over. And when that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from recsys.settings import TrainingSettings

_WARM_UP = 50  # steps
_LAST = 0.1  # of the highest rate, at the end
_AHEAD = 0.05  # by which the clock must be ahead of the steps before it counts: else every run would learn a little otherwise


def learning_rate(settings: TrainingSettings, step: int, steps: int, time: float) -> float:
    """The rate of step `step` of `steps`, both of all epochs.

    Args:
        time: the share of `training.minutes` that is spent. Where it runs ahead of the steps, the minutes end the
            training and not the epochs, and the rate falls with them.
    """
    warm_up = min(_WARM_UP, max(steps // 10, 1))
    if step < warm_up:
        return settings.learning_rate * (step + 1) / warm_up
    done = (step - warm_up) / max(steps - warm_up, 1)
    done = min(time if time > done + _AHEAD else done, 1.0)
    return settings.learning_rate * (_LAST + (1 - _LAST) * (1 + math.cos(math.pi * done)) / 2)


def scores_of(history: Sequence[Mapping[str, float | None]]) -> list[float | None]:
    """The validation NDCG@10 of every epoch of a training; None without validation users."""
    return [entry["validation_ndcg"] for entry in history]


def stalled(scores: Sequence[float | None], patience: int, least_gain: float) -> bool:
    """Whether the last `patience` epochs lifted the best of the validation scores by less than the share `least_gain`, or not at all.

    `scores` holds one for each epoch so far; None, where there is nobody to judge by, never stalls.
    """
    if len(scores) <= patience or None in scores:
        return False
    before, best = max(scores[:-patience]), max(scores)
    return best <= before or best < before * (1 + least_gain)
