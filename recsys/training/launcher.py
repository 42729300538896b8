"""Train on all ranks, from the last checkpoint again where a rank fails, and see that they agree at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pyspark.sql import SparkSession

from recsys import faults
from recsys.faults import Infrastructure
from recsys.sequences.shares import rows_in
from recsys.training.checkpoint import mark
from recsys.training.plan import Outcome, Plan
from recsys.training.ranks import RanksFailed, import_horovod, run_ranks
from recsys.training.signs import Signs
from recsys.training.watch import Cause, Watch
from recsys.training.worker import train_rank

log = logging.getLogger(__name__)


def train(spark: SparkSession, plan: Plan) -> Outcome:
    """Run `train_rank` on as many ranks as the plan says, each in a Spark task, and return what rank 0 says.

    Raises:
        Infrastructure: Horovod is missing, Spark has fewer task slots than ranks, or a rank failed, and again at every retry.
        BadData, BadSettings: what a rank found; no retry would mend it.
    """
    outcomes = outcomes_of(spark, plan)
    digests = {outcome.weights_digest for outcome in outcomes}
    if len(digests) > 1:
        raise Infrastructure(f"The {len(outcomes)} training ranks ended with different weights; the model was not saved. Train again.")
    rows = rows_in(plan.train_files)
    read = [sum(of_epoch) for of_epoch in zip(*(outcome.rows_read for outcome in outcomes), strict=True)]
    if any(count != rows for count in read):
        raise Infrastructure(f"The ranks read {read} rows an epoch, the table holds {rows}; the model was not saved.")
    return outcomes[0]


def outcomes_of(spark: SparkSession, plan: Plan, train: Callable[[Plan, Signs], Outcome] = train_rank) -> list[Outcome]:
    """What each rank says at the end. A start that fails is made again, as often as `training.retries` says."""
    _need_slots(spark, plan.settings.ranks)
    import_horovod()
    mark(plan.checkpoint)
    for retries_left in range(plan.settings.retries, -1, -1):
        watch = Watch(plan.settings)
        try:
            return run_ranks(train, plan, watch)
        except RanksFailed as failed:
            _give_up_if_hopeless(failed.cause, plan, watch, retries_left)
            log.warning("Training failed: %s. It starts again from its last checkpoint.%s", failed.cause.why, _indented(failed.cause.trace))
    raise AssertionError("the last retry either succeeds or is given up")


def _need_slots(spark: SparkSession, ranks: int) -> None:
    slots = spark.sparkContext.defaultParallelism
    if slots < ranks:
        raise Infrastructure(
            f"training.ranks = {ranks}, but Spark runs only {slots} tasks at a time, so the ranks could never all start. "
            f"Give Spark {ranks} task slots (spark.master=local[{ranks}], or more executors), or lower training.ranks."
        )


def _give_up_if_hopeless(cause: Cause, plan: Plan, watch: Watch, retries_left: int) -> None:
    if cause.fault:
        raise getattr(faults, cause.fault)(cause.why) from None
    if not watch.heard_any:
        raise Infrastructure(f"None of the {plan.settings.ranks} training ranks started: {cause.why}") from None
    if not retries_left:
        raise Infrastructure(
            f"Training failed, and training.retries = {plan.settings.retries} are used up: {cause.why}.{_indented(cause.trace)}\n"
            f"Its last checkpoint is kept in {plan.checkpoint}: when the worker is well, run again, and training goes on from there."
        ) from None


def _indented(trace: str) -> str:
    return "".join(f"\n  | {line}" for line in trace.splitlines())
