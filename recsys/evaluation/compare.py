"""Put every method to the same trial, one after the other, and keep the results of those that get through."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.method import Maker, Method
from recsys.baselines.popularity import Popularity
from recsys.evaluation.costs import FIT, RECOMMEND, Cost, mean_costs, one_user_cost, seconds_alone, stage_cost
from recsys.evaluation.kept import Kept
from recsys.evaluation.measure import Tally, Yardstick
from recsys.evaluation.trial import Trial
from recsys.faults import BadData, Fault
from recsys.meter import metered
from recsys.settings import EvaluationSettings

log = logging.getLogger(__name__)


class MethodsFailed(Fault):
    """Some methods could not be judged; the results of the others are in the tables."""

    exit_code = 4


class BrokenLists(Exception):
    """A method's lists break the contract of `recommend`."""


@dataclass
class Comparison:
    """Results of the methods so far."""

    users: int
    tallies: dict[str, list[Tally]] = field(default_factory=dict)  # by method, one for each seed
    costs: list[Cost] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)  # method and the first line of what went wrong

    def require_all(self) -> None:
        """Raises MethodsFailed if any method failed; called when the others' results are safe."""
        if self.failures:
            named = "; ".join(f"{method}: {reason}" for method, reason in self.failures.items())
            raise MethodsFailed(
                f"{len(self.failures)} of the methods could not be judged ({named}). Nothing of theirs was written; the "
                "results of all others are in the tables evaluations, comparisons and costs. The log above has the stack traces."
            )


def compare(methods: Mapping[str, Sequence[Maker]], trial: Trial, completion: Popularity, yardstick: Yardstick) -> Comparison:
    """Fit, ask and judge every method on `trial`.

    A method is made only when its turn comes and all it holds is let go after it, so that one that fails for
    whatever reason, be it memory, costs the others nothing.

    Args:
        methods: by name, how each is made; one that was trained with several seeds, once for each.
        completion: fitted on the history of the trial; fills every list up to the greatest length.
    """
    comparison = Comparison(_asked(trial))
    for name, makers in methods.items():
        try:
            judged = [_judged(name, make, trial, completion, yardstick, comparison.users) for make in makers]
        except Exception as error:  # whatever it is, it must not cost the results of the other methods
            log.exception("%s failed", name)
            comparison.failures[name] = f"{type(error).__name__} {str(error).strip().partition(chr(10))[0]}"
        else:
            comparison.tallies[name] = [tally for tally, _ in judged]
            comparison.costs += mean_costs([costs for _, costs in judged])
    return comparison


def _judged(
    name: str, make: Maker, trial: Trial, completion: Popularity, yardstick: Yardstick, users: int
) -> tuple[Tally, list[Cost]]:
    kept = Kept()
    try:
        lists, own, costs = _timed_lists(name, make(kept), trial, completion, kept, yardstick.settings, users)
        return yardstick.tally(lists, own), costs
    finally:
        kept.release()


def _asked(trial: Trial) -> int:
    if trial.targets.isEmpty():
        raise BadData(
            "No user has both a history and a liked product in the test part of the log, so no method can be judged. Check "
            "split.test_days and --ds against the days of the table events, and evaluation.relevant against its behaviours."
        )
    return trial.users.count()


def _timed_lists(
    name: str, method: Method, trial: Trial, completion: Popularity, kept: Kept, settings: EvaluationSettings, users: int
) -> tuple[DataFrame, DataFrame, list[Cost]]:
    """The method's lists, checked; completed, and as they were before; and what they cost."""
    n = max(settings.list_lengths)
    with metered() as fitting:
        method.fit(trial.history.drop(c.ROLE))
    with metered() as listing:
        own = kept(method.recommend(trial.users, n))
        refuse_broken(own, n)
        lists = kept(completion.complete(own, trial.users, n))
    with metered() as alone:
        waits = seconds_alone(method, trial.users, n, settings)
    log.info("%s: fitted in %.1f s, lists of %s users in %.1f s", name, fitting.seconds, f"{users:,}", listing.seconds)
    costs = [stage_cost(name, FIT, fitting, users), stage_cost(name, RECOMMEND, listing, users)]
    return lists, own, [*costs, *([one_user_cost(name, alone, waits)] if waits else [])]


def refuse_broken(lists: DataFrame, n: int) -> None:
    """Raises BrokenLists, naming a user, where a list is longer than n, repeats a product, or does not rank 1, 2, …"""
    per_user = lists.groupBy(c.USER).agg(
        F.count("*").alias("listed"), F.countDistinct(c.ITEM).alias("distinct"), F.countDistinct(c.RANK).alias("ranks"),
        F.min(c.RANK).alias("first"), F.max(c.RANK).alias("last"),
    )
    repeats = F.col("distinct") < F.col("listed")
    gaps = (F.col("ranks") < F.col("listed")) | (F.col("first") != 1) | (F.col("last") != F.col("listed"))
    broken = per_user.where(repeats | gaps | (F.col("listed") > n)).orderBy(c.USER).first()
    if broken is not None:
        raise BrokenLists(f"lists must rank at most {n} distinct products 1, 2, …, but that of a user is {broken.asDict()}")
