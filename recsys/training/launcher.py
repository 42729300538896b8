"""Start the training ranks on Spark: the only module that knows how Horovod is launched."""

from __future__ import annotations

import os
import re
import sys
from codecs import StreamReader, getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TextIO

from pyspark.sql import SparkSession

from recsys.faults import Infrastructure
from recsys.greetings import without_greetings
from recsys.sequences.shares import rows_in
from recsys.training.plan import Outcome, Plan
from recsys.training.worker import train_rank

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore", "HOROVOD_LOG_LEVEL": "error"}
_PREFIX = re.compile(r"\[\d+\]<std(?:out|err)>:")
_GREETING = re.compile(r"^(?:WARNING: All log messages before absl|[IWE]0000 ).*\n?", re.MULTILINE)
_DRAWING = re.compile(r"\x1b\[\d*m|\x08|^\r", re.MULTILINE)
_REDRAWN = re.compile(r"\r\n?")


def train(spark: SparkSession, plan: Plan) -> Outcome:
    """Run `train_rank` on as many ranks as the plan says, each in a Spark task, and return what rank 0 says.

    Raises:
        Infrastructure: Horovod is missing, Spark has fewer task slots than ranks, or a rank failed.
    """
    outcomes = _run(spark, plan)
    digests = {outcome.weights_digest for outcome in outcomes}
    if len(digests) > 1:
        raise Infrastructure(f"The {len(outcomes)} training ranks ended with different weights; the model was not saved. Train again.")
    rows = rows_in(plan.train_files)
    read = [sum(of_epoch) for of_epoch in zip(*(outcome.rows_read for outcome in outcomes), strict=True)]
    if any(count != rows for count in read):
        raise Infrastructure(f"The ranks read {read} rows an epoch, the table holds {rows}; the model was not saved.")
    return outcomes[0]


def _run(spark: SparkSession, plan: Plan) -> list[Outcome]:
    ranks, slots = plan.settings.ranks, spark.sparkContext.defaultParallelism
    if slots < ranks:
        raise Infrastructure(
            f"training.ranks = {ranks}, but Spark runs only {slots} tasks at a time, so the ranks could never all start. "
            f"Give Spark {ranks} task slots (spark.master=local[{ranks}], or more executors), or lower training.ranks."
        )
    os.environ.update(_QUIET)  # importing Horovod imports TensorFlow, here too
    try:
        with without_greetings():
            import horovod.spark
            from horovod.common.util import gloo_built

            gloo_built(verbose=False)  # asked, and remembered, by a process that would greet as well
    except ImportError as error:
        raise Infrastructure(
            f"Horovod cannot be imported ({error}). It trains the model; install it as conf/environment does, or use a cluster image that has it."
        ) from error
    try:
        with _output_at_once():
            return horovod.spark.run(
                train_rank, args=(plan,), num_proc=ranks, use_gloo=True, verbose=0, env=dict(os.environ),
                start_timeout=plan.settings.timeout_seconds, stdout=Plain(sys.stdout), stderr=Plain(sys.stderr),
            )
    except Exception as error:
        raise Infrastructure(
            f"Training failed on one of {ranks} ranks: {error}. What the rank said stands above. Run again: training goes on from its last epoch."
        ) from error


@contextmanager
def _output_at_once() -> Iterator[None]:
    """Horovod passes on what ranks say in pieces of 64 KiB: more than a whole training says."""
    from horovod.runner.common.util import network

    theirs, network.shutil = network.shutil, SimpleNamespace(copyfileobj=copy_lines)
    try:
        yield
    finally:
        network.shutil = theirs


def copy_lines(source: StreamReader, target: TextIO) -> None:
    """Write to `target` what comes from `source`, each line as soon as it is there."""
    decoder, begun = getincrementaldecoder("utf-8")(errors="replace"), ""
    while data := source.stream.read1():
        *lines, begun = re.split(r"(?<=[\r\n])", begun + decoder.decode(data))
        target.write("".join(lines))
    target.write(begun)


class Plain:
    """A stream that shows what ranks say without Horovod's `[0]<stdout>:` and TensorFlow's greetings.

    Where nobody looks at a terminal, each state of the progress bar is a line of its own, without colours.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        said = _GREETING.sub("", _PREFIX.sub("", text))
        self.stream.write(said if self.stream.isatty() else _REDRAWN.sub("\n", _DRAWING.sub("", said)))
        self.stream.flush()  # else the progress of an epoch shows when it is over
        return len(text)

    def flush(self) -> None:
        self.stream.flush()
