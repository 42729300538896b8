"""AdaBoost (Freund, Schapire 1997; scikit-learn's) over what is known of a user and a candidate product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.class_weight import compute_sample_weight

from recsys import columns as c
from recsys.baselines.candidates import ATTRIBUTES, Candidates
from recsys.baselines.lists import ranked
from recsys.baselines.method import Keep, as_is
from recsys.baselines.popularity import days_before, last_days
from recsys.faults import BadData

_LIKED, _ASKED = "liked", "asked"
_DECIMALS = 6  # below that a difference between scores is rounding, and the product breaks the tie
_SHARES = 2**31  # steps in which a share of rows is drawn


class AdaBoost:
    """Candidate products in the order of a boosted vote of small trees on whether the user will like them.

    It learns from the last days of the history: candidates and their attributes are made from what came before
    them, the same way as later for the lists, and the answer is whether the user then liked the product.
    """

    name = "adaboost"

    def __init__(
        self, candidates: Candidates, days: int, rows: int, trees: int, depth: int, relevant: Sequence[str], seed: int, keep: Keep = as_is
    ) -> None:
        """
        Args:
            candidates: which products are looked at, and what is known of them.
            days: the last days of the history, which give the answers.
            rows: about how many candidates it learns from, drawn at random from those of at most as many users, so that
                what learning costs does not grow with the log; they are brought to the driver.
            trees: of the vote.
            depth: of a tree.
        """
        self._candidates, self._days, self._rows = candidates, days, rows
        self._model = AdaBoostClassifier(DecisionTreeClassifier(max_depth=depth), n_estimators=trees, random_state=seed)
        self._relevant, self._seed, self._keep = relevant, seed, keep

    def fit(self, history: DataFrame) -> None:
        lessons = self._lessons(history)
        if lessons[_LIKED].nunique() < 2:
            raise BadData(
                f"AdaBoost has nothing to learn from: of {len(lessons)} candidates in the last evaluation.adaboost_days = {self._days} "
                "days of the history, either none was liked or all were. Give more days, or a longer log."
            )
        balanced = compute_sample_weight("balanced", lessons[_LIKED])  # few candidates are liked
        self._model.fit(lessons[list(ATTRIBUTES)].to_numpy(), lessons[_LIKED].to_numpy(), sample_weight=balanced)
        self._candidates.fit(history)

    def recommend(self, users: DataFrame, n: int) -> DataFrame:
        model = self._model

        def score(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
            for batch in batches:
                votes = model.decision_function(batch[list(ATTRIBUTES)].to_numpy()) if len(batch) else np.empty(0)
                yield batch[[c.USER, c.ITEM]].assign(**{c.SCORE: np.round(votes, _DECIMALS)})

        scored = self._candidates.of(users).mapInPandas(score, f"{c.USER} string, {c.ITEM} string, {c.SCORE} double")
        return ranked(scored, [F.desc(c.SCORE)], n)

    def _lessons(self, history: DataFrame) -> pd.DataFrame:
        """Candidates of some users of the last days, with attributes from before, and whether they were liked then."""
        lately = last_days(history, self._days)
        past = days_before(history, self._days)
        liked = lately.where(F.col(c.BEHAVIOUR).isin(*self._relevant)).select(c.USER, c.ITEM).distinct()
        self._candidates.fit(past)
        by_chance = F.xxhash64(F.lit(_ASKED), F.lit(self._seed), c.USER)
        asked = self._keep(liked.select(c.USER).distinct().orderBy(by_chance, c.USER).limit(self._rows))
        offered = self._candidates.of(asked)
        answered = self._keep(offered.join(liked.withColumn(_LIKED, F.lit(1)), on=[c.USER, c.ITEM], how="left").fillna(0, _LIKED))
        drawn = answered.where(self._drawn(min(1.0, self._rows / max(answered.count(), 1)))).toPandas()
        return drawn.sort_values([c.USER, c.ITEM])

    def _drawn(self, share: float) -> Column:
        return F.pmod(F.xxhash64(F.lit(self._seed), c.USER, c.ITEM), F.lit(_SHARES)) < int(share * _SHARES)
