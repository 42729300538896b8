"""What the methods may look at, whom they are asked about and what their lists are judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.lists import seen_products, without
from recsys.baselines.method import Keep
from recsys.settings import EvaluationSettings, SplitSettings
from recsys.split import TEST, history, targets, with_role

_ASKED = "asked"


@dataclass(frozen=True)
class Trial:
    """One protocol, the same for every method."""

    history: DataFrame  # rows of the events table, with their role; all that a method may see
    users: DataFrame  # [user_id]: with any history, and back in the held-out part to do anything at all; or some of these
    targets: DataFrame  # [user_id, item_id], distinct: what these users went on to like, if anything
    held_out: DataFrame  # the events that nobody may see

    def held(self, keep: Keep) -> Trial:
        """The same trial with what every method reads computed once."""
        return replace(self, history=keep(self.history), users=keep(self.users), targets=keep(self.targets))


def hold_out(events: DataFrame, split: SplitSettings, evaluation: EvaluationSettings, ds: date) -> Trial:
    """The trial on the test part of the log up to `ds`.

    Products are those of the log, whether or not a method knows them. Metrics of what users liked are over the
    users with a target, the rates over all who came back. With `drop_seen` only products that
    are new to their user count as targets, since no list can hold another. With `users` as many of them are drawn,
    the same ones for the same seed; every method still learns from everybody's history.
    """
    columns = (c.EVENT_ID, c.USER, c.ITEM, c.BEHAVIOUR, c.TIME, c.BASKET, c.RATING, c.DAY)
    roles = with_role(events.select(*columns).where(F.col(c.BEHAVIOUR) != c.RETURN), split, ds)
    past, held_out = history(roles, TEST), targets(roles, TEST)
    liked = held_out.where(F.col(c.BEHAVIOUR).isin(*evaluation.relevant)).select(c.USER, c.ITEM).distinct()
    wanted = without(liked, seen_products(past) if evaluation.drop_seen else None)
    users = held_out.select(c.USER).distinct().join(past.select(c.USER).distinct(), on=c.USER, how="left_semi")
    if evaluation.users:
        drawn = F.xxhash64(F.lit(_ASKED), F.lit(evaluation.seed), c.USER)  # not the hash by which the bootstrap weighs users
        users = users.orderBy(drawn, c.USER).limit(evaluation.users)
    return Trial(past, users, wanted.join(users, on=c.USER, how="left_semi"), held_out)
