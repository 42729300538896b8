"""All that a case needs: hosts, a cluster on them, a shop, and the tables of a run that nothing disturbed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.hosts import CannotTest, Loopback, Namespaces, permitted
from tests.cluster.shop import Shop
from tests.cluster.spark import DRIVER, MASTER, WORKERS, Cluster

_NAMES = (DRIVER, MASTER, *WORKERS)
EXPECTED = "undisturbed"
LATE = "late"  # the lake of the night before the late file arrived
RANKS = "training.ranks=2"


@dataclass(frozen=True)
class World:
    hosts: Namespaces | Loopback
    cluster: Cluster
    shop: Shop

    def run(self, job: str, arguments: list[str], **options: object) -> str:
        """Run a job to its good end and return what it said.

        Raises:
            CannotTest: it ended otherwise.
        """
        sent = self.cluster.submit(job, arguments, **options)
        if code := sent.wait():
            raise CannotTest(f"{job} ended with {code}, though nothing disturbed it; its output is {sent.log}:\n{sent.said()[-2000:]}")
        return sent.said()

    def expected(self) -> Path:
        return self.shop.tables(EXPECTED)

    def copy(self, lake: str, to: str) -> Path:
        """A copy of tables and models of a run, as a start for another. Delta's paths are relative, so it is whole.

        It remembers no runs, so nothing is left out for having been done before.
        """
        source, target = self.shop.tables(lake).parent, self.shop.tables(to).parent
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("runs"))
        return self.shop.tables(to)


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A running cluster whose files lie in `folder`; all of it is gone afterwards, but for the folder."""
    reason = permitted()
    if reason:
        sys.stderr.write(f"Hosts of their own cannot be made here ({reason}): loopback addresses serve instead, and what needs a network is left out.\n")
    with (Loopback if reason else Namespaces)(_NAMES, folder / "hosts") as hosts:
        cluster = Cluster(hosts, folder)
        try:
            cluster.start()
            yield World(hosts, cluster, Shop(folder / "shop"))
        finally:
            cluster.stop()
