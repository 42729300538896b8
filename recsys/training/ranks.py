"""Start all ranks on Spark, watch them, and end them: the only module that knows how Horovod is launched."""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

from pyspark import SparkContext

from recsys.faults import Infrastructure
from recsys.greetings import without_greetings
from recsys.training.output import Plain, copy_lines
from recsys.training.plan import Outcome, Plan
from recsys.training.signs import Signs, seconds_between_signs, with_signs
from recsys.training.watch import Cause, Watch

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore", "HOROVOD_LOG_LEVEL": "error"}
_REPEATABLE = {"HOROVOD_DISABLE_GROUP_FUSION": "1"}  # nothing is added to the group of all gradients, whatever else is ready
# Milliseconds between two talks of the ranks about what is ready. As it comes it is 1, and talking takes a fifth of
# processors that all compute; a step takes tens or hundreds, and has two things to talk about.
_SELDOM = {"HOROVOD_CYCLE_TIME": "5"}
_LOOK = 0.5  # seconds between two looks at the ranks
_TO_NOTICE = 10.0  # seconds, at least, that the other ranks have to see that one failed, and to end by themselves
_LAST_WORDS = 1.0  # seconds that words of a rank may take to arrive after its end
_TO_END = 60.0  # seconds that processes and tasks may take to end, beyond those after which a silent host is given up

log = logging.getLogger(__name__)


class RanksFailed(Exception):
    """A start of all ranks came to nothing."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.why)
        self.cause = cause


def import_horovod() -> None:
    """Import Horovod, which imports TensorFlow, without their greetings.

    Raises:
        Infrastructure: it is missing.
    """
    os.environ.update(_QUIET)
    try:
        with without_greetings():
            import horovod.spark
            from horovod.common.util import gloo_built

            gloo_built(verbose=False)  # asked, and remembered, by a process that would greet as well
    except ImportError as error:
        raise Infrastructure(
            f"Horovod cannot be imported ({error}). It trains the model; install it as conf/environment does, or use a cluster image that has it."
        ) from error


def run_ranks(train: Callable[[Plan, Signs], Outcome], plan: Plan, watch: Watch) -> list[Outcome]:
    """Run `train` on as many ranks as the plan says, each in a Spark task. No rank is left when this returns.

    Horovod runs in a thread: this one looks after it, and stays the one that an interrupt reaches.

    Raises:
        RanksFailed: a rank failed, stood still for too long, or could not be started.
        Infrastructure: the ranks could not be ended either.
    """
    end, ended = threading.Event(), []
    thread = threading.Thread(target=lambda: ended.append(_launched(train, plan, watch)), daemon=True)
    with _horovod_on_our_terms(end, plan.settings.stall_seconds):
        thread.start()
        try:
            cause = _look_after(thread, watch, plan.settings.stall_seconds)
        finally:
            end.set()
            thread.join(plan.settings.stall_seconds + _TO_END)
    if thread.is_alive():
        raise Infrastructure(f"Training failed: {cause.why}; nor could the tasks of the ranks be ended. See what became of the workers, and run again.")
    outcome = ended[0]
    if isinstance(outcome, BaseException) or None in outcome:  # of ranks that were ended Horovod says nothing, or that they returned nothing
        time.sleep(_LAST_WORDS)
        fault = outcome if isinstance(outcome, BaseException) else RuntimeError("a rank was ended before it had an outcome")
        raise RanksFailed(cause or watch.cause(over=True) or Cause("", str(fault))) from fault
    return outcome


def _launched(train: Callable[[Plan, Signs], Outcome], plan: Plan, watch: Watch) -> list[Outcome] | BaseException:
    import horovod.spark

    settings = plan.settings
    # A rank that waits for one that stands still would give up by itself, and the launcher could not tell why.
    patience = {"HOROVOD_GLOO_TIMEOUT_SECONDS": str(2 * settings.stall_seconds + settings.timeout_seconds)}
    try:
        return horovod.spark.run(
            with_signs, args=(train, plan), num_proc=settings.ranks, use_gloo=True, verbose=0, env=_QUIET | _SELDOM | _asked() | _REPEATABLE | patience,
            start_timeout=settings.timeout_seconds, stdout=Plain(sys.stdout), stderr=Plain(sys.stderr, watch.hear),
            executable=SparkContext.getOrCreate().pythonExec,
        )
    except BaseException as error:
        return error


def _asked() -> dict[str, str]:
    """What is set for Horovod where the job was started. All else the ranks have from their worker: the driver's paths need not be there."""
    return {name: value for name, value in os.environ.items() if name.startswith("HOROVOD_")}


def _task(*told: Any) -> Any:
    """Horovod's task of a rank. Its process finds modules where this worker of Spark does, also those that were sent to it alone."""
    from horovod.spark import runner

    os.environ["PYTHONPATH"] = os.pathsep.join(os.path.abspath(folder) for folder in sys.path if folder)
    return runner._task_fn(*told)


def _cards(driver: Any, shared: set[str]) -> set[str]:
    """Of the network cards that all ranks share, by name, those by which any of them came to the driver, and can come again.

    Raises:
        RuntimeError: the driver has no card of such a name, so Horovod has no address of it to give to the ranks.
    """
    by_them = {card for index in driver.task_indices() for card in driver.task_addresses_for_driver(index)}
    cards, own = shared & by_them or shared, set(driver.addresses())
    if not cards & own:
        raise RuntimeError(
            f"Horovod finds hosts by the names of their network cards. The ranks share {', '.join(sorted(cards))}, the driver has {', '.join(sorted(own))}: "
            "let the cards that join them bear one name."
        )
    return cards & own


def _look_after(thread: threading.Thread, watch: Watch, stall_seconds: float) -> Cause | None:
    """Wait for the end of `thread`. Or why it is to be ended: nobody moves, or a rank failed and others do not notice."""
    while thread.is_alive():
        thread.join(_LOOK)
        if cause := watch.stalled():
            return cause
        if watch.failed_for() > max(_TO_NOTICE, 4 * seconds_between_signs(stall_seconds)):
            return watch.cause(over=False)
    return None


@contextmanager
def _horovod_on_our_terms(end: threading.Event, stall_seconds: int) -> Iterator[None]:
    """Six habits of Horovod's launcher, changed meanwhile.

    It starts a rank without the modules that were sent to its worker. It tells ranks to find the driver by any network
    card that they share, be it the loopback of the one host they are on. It passes on what ranks say in pieces of 64 KiB:
    more than a whole training says. It takes SIGINT and SIGTERM for itself and never gives them back. It waits without
    end for a host that is gone. And it prints the stack trace of every thread in which a failed start shows.
    """
    from horovod.runner import gloo_run
    from horovod.runner.common.util import network
    from horovod.spark import runner
    from horovod.spark.driver.driver_service import SparkDriverService as Driver

    theirs = Driver.get_common_interfaces
    sockets = SimpleNamespace(**vars(socket) | {"socket": lambda *kind: _noticing(socket.socket(*kind), stall_seconds)})
    with ExitStack() as changes:
        changes.enter_context(_instead(runner, _task_fn=_task))
        changes.enter_context(_instead(Driver, get_common_interfaces=lambda driver: _cards(driver, theirs(driver))))
        changes.enter_context(_instead(network, shutil=SimpleNamespace(copyfileobj=copy_lines), socket=sockets))
        changes.enter_context(_instead(gloo_run, register_shutdown_event=lambda: end))
        changes.enter_context(_instead(threading, excepthook=_quiet_about_horovod(threading.excepthook)))
        yield


@contextmanager
def _instead(module: ModuleType | type, **ours: Any) -> Iterator[None]:
    theirs = {name: getattr(module, name) for name in ours}
    try:
        for name, value in ours.items():
            setattr(module, name, value)
        yield
    finally:
        for name, value in theirs.items():
            setattr(module, name, value)


def _noticing(connection: socket.socket, seconds: int) -> socket.socket:
    """`connection`, which fails once the other host has not answered for `seconds`, though nothing is sent."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(seconds // 2, 1))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(seconds // 10, 1))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 5)
    return connection


def _quiet_about_horovod(hook: Callable) -> Callable:
    def quiet(what) -> None:
        if any("/horovod/" in frame.filename for frame in traceback.extract_tb(what.exc_traceback)):
            log.debug("in a thread of Horovod's launcher: %s", what.exc_value)
        else:
            hook(what)

    return quiet
