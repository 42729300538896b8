"""The trained sequence model as a method among others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.lists import seen_products
from recsys.faults import MissingTable
from recsys.pushes.filters import BANNED, with_banned
from recsys.pushes.scoring import load as load_model
from recsys.pushes.scoring import top_items


def wanted_behaviour(relevant: Sequence[str]) -> str | None:
    """The one behaviour that lists should lead to, both kinds of buying being one; None where there are several."""
    kinds = {c.PURCHASE if behaviour in c.BOUGHT else behaviour for behaviour in relevant}
    return kinds.pop() if len(kinds) == 1 else None


class SequenceModel:
    """The lists of the model at `path`, from the users' rows in `sequences`.

    It was trained by `train_model`, so `fit` only looks up which products are not to be listed. Products
    outside its vocabulary can never be in its lists, yet count as targets like any other.
    """

    name = "sequence_model"

    def __init__(
        self, sequences: DataFrame, vocabulary: DataFrame, path: str, relevant: Sequence[str], drop_seen: bool,
        load: Callable[[str], Any] = load_model,
    ) -> None:
        self._sequences, self._vocabulary, self._path = sequences, vocabulary, path
        self._behaviour, self._drop_seen, self._load = wanted_behaviour(relevant), drop_seen, load

    def fit(self, history: DataFrame) -> None:
        if self._sequences.isEmpty():
            raise MissingTable(
                "The table sequences holds no rows of split test for this day, as after a night that only pushed. "
                "Run jobs/build_sequences.py for a day on which a model is trained, and evaluate that day."
            )
        self._seen = _product_arrays(seen_products(history)) if self._drop_seen else None

    def recommend(self, users: DataFrame, n: int) -> DataFrame:
        asked = self._sequences.join(users.select(c.USER), on=c.USER, how="left_semi")
        banned = None
        if self._seen is not None:
            asked, banned = with_banned(asked, self._seen, self._vocabulary), BANNED
        lists = top_items(asked, self._path, n, banned=banned, behaviour=self._behaviour, load=self._load)
        return lists.select(c.USER, c.ITEM, c.RANK)


def _product_arrays(seen: DataFrame) -> DataFrame:
    """One row per user: the seen products as a sorted array."""
    return seen.groupBy(c.USER).agg(F.sort_array(F.collect_set(c.ITEM)).alias(c.ITEMS))
