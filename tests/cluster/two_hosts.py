"""The first night on the cluster: does it end well, and do the ranks run on different hosts?"""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.cluster.findings import Finding
from tests.cluster.shop import DS, LAST_DAYS
from tests.cluster.spark import WORKERS
from tests.cluster.world import LATE, RANKS, World

_RANK = "horovod.spark.task.gloo_exec_fn"
_PATIENCE = 5  # times the first night: so long any job may take, faults included


def two_hosts(world: World) -> Iterator[Finding]:
    """Stated outcome: a night without the file of the last but one day ends well; one rank trains on each worker."""
    world.run("simulate_events", world.shop.simulation())
    world.shop.cut()
    late = world.shop.late(LAST_DAYS[-2])
    late.rename(late.with_suffix(".late"))
    started, hosts_of_ranks = time.monotonic(), set()
    job = world.cluster.submit("run_pipeline", world.shop.night(LATE, DS, None, RANKS), archive_classes=True)
    while job.runs:
        hosts_of_ranks |= {worker for worker in WORKERS if world.cluster.processes(worker, _RANK)}
        time.sleep(0.5)
    late.with_suffix(".late").rename(late)
    code, seconds = job.wait(), time.monotonic() - started
    world.cluster.patience = max(_PATIENCE * seconds, 600)
    told = f"exit {code} in {seconds:.0f} s; ranks on {' and '.join(sorted(hosts_of_ranks))}"
    yield Finding("none", "a night on the cluster", told, 0, 0, None, code == 0 and hosts_of_ranks == set(WORKERS))
