"""The cluster test: `python -m tests.cluster [case ...]`, or `make cluster-test`.

It starts a Spark cluster of several hosts on this machine, runs nights on it, injects faults, and prints what it
found. It ends with 1 where an outcome is not as stated; then its folder of logs and tables stays, and nothing else ever.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.cluster.driver_faults import driver_killed
from tests.cluster.findings import table
from tests.cluster.hosts import CannotTest
from tests.cluster.nights import backfill, late_day_and_readers, two_at_once
from tests.cluster.same_answer import same_answer
from tests.cluster.two_hosts import two_hosts
from tests.cluster.worker_faults import workers_disturbed
from tests.cluster.world import world

_FIRST = (two_hosts, late_day_and_readers)  # they make the tables that the others are compared with
_CASES = {case.__name__: case for case in (same_answer, driver_killed, workers_disturbed, two_at_once, backfill)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", choices=[[], *_CASES], metavar="case", help=f"of {', '.join(_CASES)}; all where none is named")
    wanted = [_CASES[name] for name in parser.parse_args().cases or _CASES]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder, findings, started = Path(tempfile.mkdtemp(prefix="recsys-cluster-")), [], time.monotonic()
    print(f"logs and tables: {folder}", flush=True)
    try:
        with world(folder) as running:
            for case in (*_FIRST, *wanted):
                for finding in case(running):
                    print(f"{case.__name__}: {finding}", flush=True)
                    findings.append(finding)
    except CannotTest as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    finally:
        print(f"\n{table(findings)}\n\n{len(findings)} outcomes in {time.monotonic() - started:.0f} s", flush=True)
    if not all(finding.as_stated for finding in findings):
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
