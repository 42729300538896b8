"""What a position of a training window is asked to predict."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from recsys import columns as c
from recsys.models.conditions import ANY_BEHAVIOUR, LATER_VISIT, NEXT_EVENT, PURCHASE_CODE, REPURCHASE_CODE

PLACES, ORDER = "places", "order"


@dataclass(frozen=True)
class Targets:
    """For every position [rows, length] of a window: the product to predict, and under which condition."""

    items: object  # int32, 0 where there is none
    condition: object  # NEXT_EVENT or LATER_VISIT
    behaviour: object  # code of the target's behaviour, 0 where it is withheld
    weight: object  # float32, 1 where there is a target


def wanted_places(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Which positions of the windows of a batch have a target: those with an event after them.

    Returns:
        PLACES: int32 [places], counted through rows × length; at least one, which may then be without a target.
        ORDER: int32 [rows, length], for each position where it stands among them; 0 where it does not.
    """
    rows, length = batch[c.ITEMS].shape
    wanted = np.arange(length)[None, :] + 1 < batch[c.LENGTH][:, None]
    places = np.flatnonzero(wanted) if wanted.any() else np.zeros(1, np.int64)
    order = np.where(wanted, np.cumsum(wanted).reshape(rows, length) - 1, 0)
    return {PLACES: places.astype(np.int32), ORDER: order.astype(np.int32)}


def draw_targets(batch: dict, later_share: float, horizon_days: int, seed: keras.random.SeedGenerator) -> Targets:
    """Draw one target for every position from the events after it.

    With probability `later_share` it is an event drawn evenly from the later visits of the next `horizon_days`
    days (what a push is judged by), else the next event (what leave-one-out is judged by). The first kind is
    asked for as LATER_VISIT. Half of the behaviours are withheld, so that lists for any behaviour can be asked for.
    """
    rows, length = ops.shape(batch["items"])
    real = batch["items"] > 0
    place = ops.broadcast_to(ops.arange(length)[None, :], (rows, length))
    first = _count_fulfilling(batch["visits"], batch["visits"], real)
    beyond = _count_fulfilling(batch["days"], batch["days"] + horizon_days, real)
    there = beyond > first
    later = ops.logical_and(there, keras.random.uniform((rows, length), seed=seed) < later_share)
    stride = keras.random.uniform((rows, length), seed=seed) * ops.cast(beyond - first, "float32")
    chosen = ops.where(later, first + ops.cast(stride, "int32"), place + 1)
    chosen = ops.minimum(chosen, length - 1)
    exists = ops.logical_and(real, ops.logical_or(later, place + 1 < batch["length"][:, None]))
    items = ops.where(exists, ops.take_along_axis(batch["items"], chosen, axis=1), 0)
    behaviour = ops.take_along_axis(batch["behaviours"], chosen, axis=1)
    behaviour = ops.where(behaviour == REPURCHASE_CODE, PURCHASE_CODE, behaviour)
    told = keras.random.uniform((rows, length), seed=seed) < 0.5
    weight = ops.cast(items > 0, "float32") * batch["weight"][:, None]
    return Targets(items, ops.where(later, LATER_VISIT, NEXT_EVENT), ops.where(told, behaviour, ANY_BEHAVIOUR), weight)


def _count_fulfilling(values, limits, real):
    """For every position t: how many real events have values <= limits[t]. Values never fall along a window."""
    below = ops.logical_and(values[:, None, :] <= limits[:, :, None], real[:, None, :])
    return ops.sum(ops.cast(below, "int32"), axis=-1)
