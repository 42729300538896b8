"""What every job shares: its arguments, its session, its log and its exit code."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date

from recsys.faults import BadSettings, Fault
from recsys.session import build_session
from recsys.settings import Settings, load_settings
from recsys.tables import Lake

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Night:
    """What a stage is handed: where it reads and writes, its settings, and the day it works for.

    `model_ds` is the day on which everything fitted (vocabulary, normaliser, segments, model) was fitted.
    It is `ds` itself on a night that trains, an earlier day on a night that only pushes.
    """

    lake: Lake
    settings: Settings
    ds: date
    model_ds: date


Stage = Callable[[Night], None]


def run_job(doc: str, stage: Stage, argv: list[str] | None = None) -> None:
    """Run `stage` as a command-line job: arguments in, exit code out. `doc` is the job's docstring."""
    arguments = parse_arguments(doc, argv)
    with faults_as_exit_codes(arguments.name):
        settings = load_settings(arguments.config, arguments.overrides)
        spark = build_session(arguments.name, settings.spark)
        log.info("%s for %s with\n%s", arguments.name, arguments.ds, _listed(settings))
        stage(Night(Lake(spark, settings.lake), settings, arguments.ds, arguments.model_ds or arguments.ds))


@contextmanager
def faults_as_exit_codes(name: str) -> Iterator[None]:
    """Log to stderr as the job `name`, and end the process with one paragraph and the exit code of a fault."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    logging.getLogger("py4j").setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_no_retry_of_py4j)
    try:
        yield
    except Fault as fault:
        sys.stderr.write(f"\n{name}: {fault}\n")
        raise SystemExit(fault.exit_code) from None


def _is_no_retry_of_py4j(record: logging.LogRecord) -> bool:
    """Py4J tells, through the root logger and with a stack trace, of every connection that it replaced with success."""
    return record.levelno > logging.INFO or "py4j" not in record.pathname


def parse_arguments(doc: str, argv: list[str] | None = None) -> argparse.Namespace:
    """The arguments of a job: `--config FILE --ds DATE [--model-ds DATE] [section.key=value ...]`."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, metavar="FILE", help="settings of the shop, as in conf/*.yaml")
    parser.add_argument("--ds", required=True, type=_day, metavar="YYYY-MM-DD", help="the last day of behaviour that is seen")
    parser.add_argument("--model-ds", type=_day, metavar="YYYY-MM-DD", help="the day whose model is used (default: --ds)")
    parser.add_argument("overrides", nargs="*", metavar="section.key=value", help="settings that differ from the file")
    arguments = parser.parse_args(argv)
    if arguments.model_ds and arguments.model_ds > arguments.ds:
        parser.error(f"--model-ds {arguments.model_ds} lies after --ds {arguments.ds}; a model cannot come from the future")
    arguments.name = parser.prog.removesuffix(".py")
    return arguments


def _listed(settings: Settings) -> str:
    """The resolved settings, one section a line."""
    return "\n".join(f"  {name}: {json.dumps(value, default=str)}" for name, value in asdict(settings).items())


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a day; write it as 2017-12-30") from None
