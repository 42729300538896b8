"""Put every method to the same trial, one after the other, and keep the results of those that get through."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.method import Method
from recsys.baselines.popularity import Popularity
from recsys.evaluation.kept import Kept
from recsys.evaluation.metrics import mean_metrics, user_metrics
from recsys.evaluation.trial import Trial
from recsys.faults import BadData, Fault

log = logging.getLogger(__name__)

FIT, RECOMMEND = "fit", "recommend"
TRAIN_STAGE = "train"  # of a model that was trained before, by another job


class MethodsFailed(Fault):
    """Some methods could not be judged; the results of the others are in the tables."""

    exit_code = 4


class BrokenLists(Exception):
    """A method's lists break the contract of `recommend`."""


@dataclass
class Comparison:
    """Results of the methods so far, rows in the order of the tables `evaluations` and `costs` without their day."""

    users: int
    evaluations: list[tuple] = field(default_factory=list)
    costs: list[tuple] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)  # method and the first line of what went wrong

    def require_all(self) -> None:
        """Raises MethodsFailed if any method failed; called when the others' results are safe."""
        if self.failures:
            named = "; ".join(f"{method}: {reason}" for method, reason in self.failures.items())
            raise MethodsFailed(
                f"{len(self.failures)} of the methods could not be judged ({named}). Nothing of theirs was written; the "
                "results of all others are in the tables evaluations and costs. The log above has the stack traces."
            )


def compare(
    methods: Mapping[str, Callable[[Kept], Method]], trial: Trial, completion: Popularity, lengths: Sequence[int], split: str
) -> Comparison:
    """Fit, ask and judge every method on `trial`.

    A method is made only when its turn comes and all it holds is let go after it, so that one that fails for
    whatever reason, be it memory, costs the others nothing.

    Args:
        methods: by name, how each is made, given where it may hold what it has learned.
        completion: fitted on the history of the trial; fills every list up to the greatest length.
    """
    users = _asked(trial)
    comparison = Comparison(users)
    for name, make in methods.items():
        kept = Kept()
        try:
            lists, costs = _timed_lists(name, make(kept), trial, completion, max(lengths), kept, users)
            means = mean_metrics(user_metrics(lists, trial.targets, lengths)).orderBy(c.METRIC, c.LIST_LENGTH).collect()
        except Exception as error:  # whatever it is, it must not cost the results of the other methods
            log.exception("%s failed", name)
            comparison.failures[name] = f"{type(error).__name__} {str(error).strip().partition(chr(10))[0]}"
        else:
            comparison.evaluations += [(name, split, *row) for row in means]
            comparison.costs += costs
        finally:
            kept.release()
    return comparison


def _asked(trial: Trial) -> int:
    users = trial.users.count()
    if not users:
        raise BadData(
            "No user has both a history and a liked product in the test part of the log, so no method can be judged. Check "
            "split.test_days and --ds against the days of the table events, and evaluation.relevant against its behaviours."
        )
    return users


def _timed_lists(
    name: str, method: Method, trial: Trial, completion: Popularity, n: int, kept: Kept, users: int
) -> tuple[DataFrame, list[tuple]]:
    """The method's completed lists, checked, and what they cost: (method, stage, seconds, rows)."""
    started = time.monotonic()
    method.fit(trial.history.drop(c.ROLE))
    fitted = time.monotonic()
    own = kept(method.recommend(trial.users, n))
    refuse_broken(own, n)
    lists = kept(completion.complete(own, trial.users, n))
    done = time.monotonic()
    log.info("%s: fitted in %.1f s, lists of %s users in %.1f s", name, fitted - started, f"{users:,}", done - fitted)
    return lists, [(name, FIT, fitted - started, users), (name, RECOMMEND, done - fitted, users)]


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
