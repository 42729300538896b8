"""How fast and how large: `python -m tests.bench [--stage NAME ...]`, or `make bench STAGE=NAME`.

It measures each stage against a peer or a bound, both in the same run and in turns, and prints one table. It ends with 1
where a stage could not be measured; a figure short of its aim is told in the table and fails nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.bench import processes
from tests.bench.row import Row
from tests.bench.stages import SIZES, STAGES, measured
from tests.bench.table import as_json, machine, print_table


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # else TensorFlow greets from every process
    signal.signal(signal.SIGTERM, _end)
    about, found, failed = machine(), {}, []
    print(", ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    for stage in args.stage or STAGES:
        started = time.monotonic()
        try:
            found[stage] = in_a_process(measured, stage, args.size)
        except Exception:  # whatever it was, the other stages can still be measured
            failed.append(stage)
            traceback.print_exc()
        print(f"{stage}: {time.monotonic() - started:.0f} s", flush=True)
    print()
    print_table(found, sys.stdout)
    if args.out:
        rows = [as_json(stage, row) for stage, rows in found.items() for row in rows]
        args.out.write_text(json.dumps({"machine": about, "size": args.size, "rows": rows, "failed": failed}, indent=1), encoding="utf-8")
    if failed:
        sys.stderr.write(f"could not be measured: {', '.join(failed)}\n")
    return 1 if failed else 0


def in_a_process(measure: Callable[[str, str, Path], list[Row]], stage: str, size: str) -> list[Row]:
    """The stage in a process of its own: no stage finds a library loaded, a thread pool set or memory held by another."""
    with TemporaryDirectory(prefix="recsys-bench-") as folder:
        return processes.in_a_process(measure, stage, size, Path(folder))


def _end(*_: object) -> None:
    """What a stage has started would otherwise go on until it is measured."""
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            child.terminate()
    sys.exit(143)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", nargs="+", choices=STAGES, metavar="NAME", help=f"of {', '.join(STAGES)}; all where none is named")
    parser.add_argument("--size", choices=SIZES, default="full", help="small only shows that it works; its figures mean nothing")
    parser.add_argument("--out", type=Path, metavar="FILE", help="JSON of the same rows, with every repeat")
    return parser


if __name__ == "__main__":
    sys.exit(main())
