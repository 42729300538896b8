"""Faults a user can mend. Each message names the place, the value, what was allowed and what to do.

The exit code tells a scheduler whom to wake: the person who wrote the settings (2), the owner of the
data (3), or whoever runs the machines (4). Anything else is a defect of ours and keeps its stack trace.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)
_HARMLESS = "\n\u200c\u200d"  # line ends, and what joins letters or pictures
_COMMANDS = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control, format (direction of writing among them), half characters, line ends


class Fault(Exception):
    """A fault whose message is a whole paragraph for a person; a job prints it without a stack trace."""

    exit_code = 2

    def __init__(self, message: str, of_users: str = "") -> None:
        """`of_users` is the part of `message` that tells of single users, as rows of a log do; it is said and not kept."""
        super().__init__(visible(message))
        self.kept = visible(message.replace(of_users, "(not kept)") if of_users else message)


def visible(text: str) -> str:
    """`text` with its control characters written out: what comes from data may not command a terminal or turn a line around."""
    return text if text.isprintable() else "".join(char if char in _HARMLESS or unicodedata.category(char) not in _COMMANDS else f"\\u{ord(char):04x}" for char in text)


class BadSettings(Fault):
    """A settings, source or model file is wrong: unknown key, wrong type, value out of range, file not there."""


class BadData(Fault):
    """The input is broken, or more of it was rejected than its source accepts. Nothing was written."""

    exit_code = 3


class MissingTable(BadData):
    """A stage was run before the stage that makes its input."""


class Infrastructure(Fault):
    """The machine lacks something: a package, memory, disk, access, a worker."""

    exit_code = 4


_MEMORY = (
    "Memory ran out: {line}. Give more: 'spark.conf={{spark.driver.memory: 4g}}' (under spark-submit --driver-memory), spark.executor.memory, or for Python "
    "workers spark.executor.memoryOverhead. More partitions (spark.sql.shuffle.partitions) make each smaller."
)
_DISK = "A disk is full: {line}. Make room where spark.local.dir (Spark sorts and joins there), the lake and `models` lie, or name larger disks."
_ACCESS = (
    "Access was refused: {line}. Let the user or the credentials that this runs with read the log and the product list, and write to `lake`, `models` and "
    "`report_path`; the credentials of a store are options of Spark (spark.hadoop.fs.*)."
)
_WORKER = (
    "A worker was lost: {line}. Mostly memory of its host was short, or the host itself is gone; its logs tell. Give each worker more "
    "(spark.executor.memoryOverhead), or let fewer run on a host."
)
_DRIVER = (
    "Spark's driver is gone: {line}. Mostly it had too little memory ('spark.conf={{spark.driver.memory: 4g}}', under spark-submit --driver-memory), or the "
    "cluster ended the application; the lines above may tell."
)
_HOST = "A machine cannot be reached: {line}. See whether it runs and whether its name and port are right in `lake`, in the paths of the source and in Spark's options."
_CONNECTOR = (
    "Spark has no connector for a file system: {line}. Add its package, as org.apache.hadoop:hadoop-aws in the version of Spark's own Hadoop for s3a:// "
    "(--packages, or 'spark.conf={{spark.jars.packages: ...}}'), or correct the scheme of the path."
)
# How errors of Spark, Java and Python tell that they are none of ours; the first sign found counts.
_SIGNS = {
    "No FileSystem for scheme": (BadSettings, _CONNECTOR), "Class org.apache.hadoop.fs.": (BadSettings, _CONNECTOR),
    "No space left on device": (Infrastructure, _DISK), "Disk quota exceeded": (Infrastructure, _DISK),
    "MemoryError": (Infrastructure, _MEMORY),  # of Python, and Java's OutOfMemoryError
    "AccessDenied": (Infrastructure, _ACCESS), "AccessControlException": (Infrastructure, _ACCESS), "Permission denied": (Infrastructure, _ACCESS),
    "Status Code: 403": (Infrastructure, _ACCESS),
    "ExecutorLostFailure": (Infrastructure, _WORKER), "FetchFailedException": (Infrastructure, _WORKER), "Python worker exited": (Infrastructure, _WORKER),
    "Py4JNetworkError": (Infrastructure, _DRIVER), "ConnectionRefusedError": (Infrastructure, _DRIVER), "SparkContext was shut down": (Infrastructure, _DRIVER),
    "Connection refused": (Infrastructure, _HOST), "UnknownHostException": (Infrastructure, _HOST), "NoRouteToHostException": (Infrastructure, _HOST),
}
_LONGEST_LINE = 300  # letters of a line of Java that are shown


@contextmanager
def known_errors_as_faults() -> Iterator[None]:
    """Turn errors of the machine inside the block into the fault that says so, and log them whole; any other error passes."""
    try:
        yield
    except Fault:
        raise
    except Exception as error:
        fault = understood(error)
        if fault is None:
            raise
        log.error("%s, in full:", type(error).__name__, exc_info=error)
        raise fault from error


def understood(error: BaseException) -> Fault | None:
    """The fault that `error` comes down to, as its text or that of a cause tells; None where neither does."""
    text = _whole_text(error)
    sign = next((sign for sign in _SIGNS if sign in text), None)
    if sign is None:
        return None
    kind, told = _SIGNS[sign]
    line = next(line for line in text.splitlines() if sign in line).strip(" :\t")[:_LONGEST_LINE].rstrip(".")
    return kind(told.format(line=line) + " What was committed before stays; the same command goes on from there.")


def _whole_text(error: BaseException | None) -> str:
    """What `error` and its causes say, in Python and in Java."""
    texts = []
    while error is not None:
        try:
            said = str(error)
        except Exception as silence:  # Java is asked for it, and may be gone
            said = f"{type(silence).__name__}: {silence}"
        texts += [f"{type(error).__name__}: {said}", getattr(error, "_stackTrace", None) or ""]  # Spark's own errors keep that of Java there
        error = error.__cause__
    return "\n".join(texts)
