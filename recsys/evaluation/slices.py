"""The parts of a trial that are told apart: groups of users, and products that a user had or did not have before.

    all          every user
    segment 0 …  the users of a segment, by their history
    few_events   users with at most `few` events in their history
    repeated     every user, but only the targets that the user had touched before
    new          every user, but only the targets that are new to the user

With `repeated` and `new` a list is marked by these targets alone, so only metrics of what users went on to like
say anything there, and only of users who have such a target.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.evaluation.outcomes import LIKED, REPEATED
from recsys.evaluation.trial import Trial

ALL, FEW_EVENTS, REPEATED_TARGETS, NEW_TARGETS = "all", "few_events", "repeated", "new"
NO_SEGMENT = -1


def segment_slice(segment: int) -> str:
    return f"segment {segment}"


def people(trial: Trial, outcomes: DataFrame, segments: DataFrame) -> DataFrame:
    """One row for each user asked: [user_id, segment, events, targets, repeated], the last two of their targets.

    Args:
        outcomes: from `outcomes.outcomes`.
        segments: [user_id, segment] by the history of the trial; users may be missing.
    """
    liked = outcomes.where(F.col(c.OUTCOME).bitwiseAND(LIKED) > 0).groupBy(c.USER).agg(
        F.count("*").alias(c.TARGETS), F.sum((F.col(c.OUTCOME).bitwiseAND(REPEATED) > 0).cast("int")).alias(c.REPEATED)
    )
    past = trial.history.groupBy(c.USER).agg(F.count("*").alias(c.EVENTS))
    joined = trial.users.join(past, on=c.USER, how="left").join(liked, on=c.USER, how="left").join(segments, on=c.USER, how="left")
    counts = [F.coalesce(F.col(name), F.lit(0)).cast("int").alias(name) for name in (c.EVENTS, c.TARGETS, c.REPEATED)]
    return joined.select(c.USER, F.coalesce(c.SEGMENT, F.lit(NO_SEGMENT)).alias(c.SEGMENT), *counts)


def user_slices(segment: np.ndarray, events: np.ndarray, few: int) -> Iterator[tuple[str, np.ndarray]]:
    """The slices of users, each with who is in it: bool [users]."""
    yield ALL, np.ones(len(segment), dtype=bool)
    for number in np.unique(segment[segment != NO_SEGMENT]):
        yield segment_slice(number), segment == number
    if (events <= few).any():
        yield FEW_EVENTS, events <= few
