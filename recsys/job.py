"""What every job shares: its arguments, its session, its log, its account of itself and its exit code."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from types import TracebackType

from recsys.faults import Fault, known_errors_as_faults
from recsys.lake import Lake
from recsys.night import Night
from recsys.runs.attempts import Attempts
from recsys.runs.forecast import Forecast
from recsys.runs.ledger import Ledger
from recsys.runs.stage import Stage
from recsys.secrets import masked, told
from recsys.session import build_session
from recsys.settings import Settings, load_settings

log = logging.getLogger(__name__)


def run_job(doc: str, stage: Stage, argv: list[str] | None = None) -> None:
    """Run `stage` as a command-line job: arguments in, exit code out. `doc` is the job's docstring."""
    run_stages(doc, lambda night: (stage,), lambda attempts: attempts.make(stage), argv)


def run_stages(
    doc: str, stages: Callable[[Night], Sequence[Stage]], run: Callable[[Attempts], object], argv: list[str] | None = None
) -> None:
    """The same for a job of several stages: `stages` are those of a night, and `run` makes them."""
    arguments = parse_arguments(doc, argv)
    with faults_as_exit_codes(arguments.name):
        night = open_night(arguments)
        ledger = Ledger.of(night)
        if arguments.dry_run:
            _foretell(Forecast.of(stages(night), night, ledger, arguments.force))
            return
        try:
            run(Attempts(night, ledger, arguments.force))
        finally:
            ledger.write()


def open_night(arguments: argparse.Namespace) -> Night:
    """The night that the arguments of a job name, in a session; its settings are logged."""
    settings = load_settings(arguments.config, arguments.overrides)
    spark = build_session(arguments.name, settings.spark)
    log.info("%s for %s with\n%s", arguments.name, arguments.ds, _listed(settings))
    return Night(Lake(spark, settings.lake), settings, arguments.ds, arguments.model_ds or arguments.ds)


def _foretell(forecast: Forecast) -> None:
    """Tell on stdout what would be done; the fault that would end it ends this too."""
    sys.stdout.write(masked(str(forecast)))
    if forecast.fault:
        raise forecast.fault


@contextmanager
def faults_as_exit_codes(name: str) -> Iterator[None]:
    """Log to stderr as the job `name`, and end the process with one paragraph and the exit code of a fault, or with the stack trace of a defect."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    logging.getLogger("py4j").setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_no_retry_of_py4j)
        handler.addFilter(_without_secrets)
    sys.excepthook = _tell_defect
    try:
        with known_errors_as_faults():
            yield
    except Fault as fault:
        sys.stderr.write(f"\n{name}: {masked(str(fault))}\n")
        raise SystemExit(fault.exit_code) from None


def _is_no_retry_of_py4j(record: logging.LogRecord) -> bool:
    """Py4J tells, through the root logger and with a stack trace, of every connection that it replaced with success."""
    return record.levelno > logging.INFO or "py4j" not in record.pathname


def _without_secrets(record: logging.LogRecord) -> bool:
    """Paths with credentials in them would else stand in the log, of whoever tells of them."""
    record.msg, record.args = masked(record.getMessage()), ()
    if record.exc_info:
        record.exc_text = masked(logging.Formatter().formatException(record.exc_info))  # handlers write it as it is here
    return True


def _tell_defect(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write the stack trace of what nobody caught; settings may stand in its messages."""
    sys.stderr.write(masked("".join(traceback.format_exception(kind, error, trace))))


def parse_arguments(doc: str, argv: list[str] | None = None) -> argparse.Namespace:
    """The arguments of a stage: `--config FILE --ds DATE [--model-ds DATE] [--force] [--dry-run] [section.key=value ...]`."""
    parser = night_parser(doc)
    parser.add_argument("--model-ds", type=_day, metavar="YYYY-MM-DD", help="the day whose model is used (default: --ds)")
    parser.add_argument("--force", action="store_true", help="run also what was done before from the same inputs, settings and code")
    parser.add_argument("--dry-run", action="store_true", help="say what would be read and replaced, and whether it would run; write nothing")
    arguments = parser.parse_args(argv)
    if arguments.model_ds and arguments.model_ds > arguments.ds:
        parser.error(f"--model-ds {arguments.model_ds} lies after --ds {arguments.ds}; a model cannot come from the future")
    return arguments


def night_parser(doc: str) -> argparse.ArgumentParser:
    """What names a night: `--config FILE --ds DATE [section.key=value ...]`, for a job to add its own to."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, metavar="FILE", help="settings of the shop, as in conf/*.yaml")
    parser.add_argument("--ds", required=True, type=_day, metavar="YYYY-MM-DD", help="the last day of behaviour that is seen")
    parser.add_argument("overrides", nargs="*", metavar="section.key=value", help="settings that differ from the file")
    parser.set_defaults(name=parser.prog.removesuffix(".py"), model_ds=None)
    return parser


def _listed(settings: Settings) -> str:
    """The resolved settings without secrets, one section a line."""
    return "\n".join(f"  {name}: {json.dumps(value, default=str)}" for name, value in told(settings).items())


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a day; write it as 2017-12-30") from None
