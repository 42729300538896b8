"""How much more copy and follow path are heard than they learned, how much the taste path, and rarity and trends heeded, by what the validation part shows.

A network learns its own training targets by heart, so on these the catalogue foretells more than it does on any others, and
shares that are learned there give it too much. The validation part is what no path has learned from. Its lists are judged
by NDCG, as the epochs are: the likelihood of a target far down the catalogue, where only the catalogue says anything, is no
matter of a list. What was chosen around the days of a training window no window knows, so how much trends count can be
told here alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import product

import numpy as np

from recsys import columns as c
from recsys.models.definition import ModelDefinition
from recsys.models.follows import RARITY
from recsys.models.layers.taste_path import SHARE
from recsys.models.layers.trends import OWN
from recsys.models.recommender import NOT_MOVED, Moves, Recommender
from recsys.training.lists import ndcg

_SILENT = 50.0  # in log odds: a path that is moved so far down is not heard
_STEPS = (0.0, 1.0, 2.0, 3.0)  # tried for copy and follow path, in log odds; never less, for what misleads them is the catalogue
_TASTES = (0.0, -_SILENT, math.log(3 / 7) - math.log(SHARE / (1 - SHARE)))  # tried for the taste path: its share is then .1, none or .3
_OWN = (0.0, -OWN, -OWN / 2, OWN / 2)  # tried for trends among own products: the power is then .2, 0, .1 or .3
_RARE = (0.0, -RARITY, -2 * RARITY, 0.1, 0.2, 0.4)  # tried for rarity: the power is then .1, 0, -.1, .2, .3 or .5
_OTHERS = (0.0, 0.5, 1.0)  # among other products, where lists hold no own ones


def rounds_of(definition: ModelDefinition, without_seen: bool, trends: bool, likenesses: bool) -> tuple[tuple[Moves, ...], ...]:
    """What is tried for a model: the learned shares, beside the best of these rarity, and beside that the rest; in each round first that nothing moves.

    A round in which nothing could move is left out, unless it is the only one. A path that the model has not is never moved, nor
    the copy path where lists leave out all that it could say, nor what hears `trends` or `likenesses` where nobody counted any.
    In catalogue and follow path trends are heeded only in lists without own products: where users repeat themselves it was no
    gain.
    """
    copies, heeds, none = definition.copy_path and not without_seen, definition.trend and trends, (0.0,)
    shares = product(_STEPS if copies else none, _STEPS if definition.neighbours else none)
    rest = product(
        _OTHERS if heeds and without_seen else none, _TASTES if definition.likenesses and likenesses else none, _OWN if heeds and copies else none,
    )
    rounds = (
        tuple(Moves(copy, follow) for copy, follow in shares),
        tuple(Moves(rare=rare) for rare in (_RARE if definition.neighbours else none)),
        tuple(Moves(taste=taste, own=own, others=others) for others, taste, own in rest),  # alike in others one after the other
    )
    return tuple(moves for moves in rounds if len(moves) > 1) or ((NOT_MOVED,),)


def added(one: Moves, other: Moves) -> Moves:
    return Moves(*map(sum, zip(one, other)))


def ndcg_sums(batches: Iterable[dict[str, np.ndarray]], lists: Callable[[dict], np.ndarray], moves: int) -> np.ndarray:
    """For each move its NDCG@10, and by how much that differs from the first's: sums over users.

    Args:
        batches: with targets; padding rows do not count.
        lists: from `make_scorer`, with so many moves.

    Returns:
        float64 [moves + 1, 3]: sums of NDCG, of differences, and of their squares; last the number of users, three times.
    """
    sums = np.zeros((moves + 1, 3))
    for batch in batches:
        real = batch["weight"] > 0
        if real.any():
            found = np.stack([ndcg(own[real], batch[c.TARGETS][real]) for own in lists(batch)])
            gains = found - found[0]
            sums[:-1] += np.stack([found.sum(axis=1), gains.sum(axis=1), (gains**2).sum(axis=1)], axis=1)
            sums[-1] += real.sum()
    return sums


def best_move(sums: np.ndarray) -> int:
    """Which move has the highest mean gain less its standard error, so that few users move nothing; the first if none gains as much.

    `sums` is what `ndcg_sums` gives, added up over all ranks.
    """
    users = sums[-1, 0]
    if users < 2:
        return 0
    _, means, squares = (sums[:-1] / users).T
    return int(np.argmax(means - np.sqrt(np.maximum(squares - means**2, 0.0) / (users - 1))))


@contextmanager
def balanced(model: Recommender, moves: Moves) -> Iterator[None]:
    """Within it the paths of the model are heard, and trends heeded, by that much more; after it as before."""
    moved = [(variable, np.array(variable), move) for variable, move in zip(model.balance, moves) if variable is not None]
    try:
        for variable, before, move in moved:
            variable.assign(before + move)
        yield
    finally:
        for variable, before, _ in moved:
            variable.assign(before)
