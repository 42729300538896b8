"""A Spark standalone cluster of the installed pyspark, and jobs that go in by spark-submit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyspark

from tests.cluster.hosts import CannotTest, Loopback, Namespaces, family, kill_all

ROOT = Path(__file__).parents[2]
DRIVER, MASTER, WORKERS = "edge", "master", ("worker1", "worker2")
_SPARK = Path(pyspark.__file__).parent
_BINARIES = Path(sys.executable).parent
_SAMPLE = ROOT / "conf" / "cluster" / "spark-defaults.conf"  # what users begin with
_PAGE = 8099  # of the master, for its own account of the workers

# Java archives classes only where every folder on the class path is empty, so Spark's folder of settings is; the log's are named.
_SMALL_JAVA = (
    "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC -XX:-UsePerfData "
    f"-Dlog4j2.configurationFile={_SPARK / 'conf' / 'log4j2.properties'}"
)
# Instead of what the sample has: what a small and busy machine needs, and timeouts short enough that a lost host is noticed while the test looks on.
CONF = {
    "spark.driver.memory": "1g",
    "spark.executor.cores": "1",
    "spark.executor.memory": "1g",
    "spark.executor.memoryOverhead": "1g",
    # Of a few rows: what compiling code for them and planning again after each exchange take is most of the time.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "4",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.network.timeout": "60s",
    "spark.network.timeoutInterval": "5s",
    "spark.executor.heartbeatInterval": "5s",
}


@dataclass
class Job:
    """A job that was sent in; its output goes to `log`."""

    process: subprocess.Popen
    log: Path
    patience: float | None = None  # seconds; a fault may cost time, never an endless wait

    def wait(self) -> int:
        """The exit code, once it is over; that of a killed process where the patience was not enough."""
        try:
            return self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            kill_all(self.process)
            return self.process.returncode

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


class Cluster:
    """A master, two workers of one core each, and a host from which jobs are sent in."""

    def __init__(self, hosts: Namespaces | Loopback, folder: Path) -> None:
        self.hosts, self.folder = hosts, folder
        self.master = f"spark://{hosts.address(MASTER)}:7077"
        self._classes = folder / "classes.jsa"
        self._daemons: dict[str, subprocess.Popen] = {}
        self._jobs = 0
        self.patience: float | None = None  # of jobs; whoever knows how long a night takes on this machine sets it

    def start(self) -> None:
        for name in ("logs", "conf"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._daemon(MASTER, "master.Master", "--port", "7077", "--webui-port", str(_PAGE))
        for worker in WORKERS:
            self.start_worker(worker)
        self._await_workers()

    def start_worker(self, name: str) -> None:
        self._daemon(name, "worker.Worker", "--cores", "1", "--memory", "2g", "--work-dir", str(self.hosts.disk(name) / "work"), self.master)

    def stop(self) -> None:
        for daemon in self._daemons.values():
            kill_all(daemon)

    def _daemon(self, host: str, what: str, *arguments: str) -> None:
        environment = self._environment(host) | {"SPARK_DAEMON_MEMORY": "256m", "SPARK_DAEMON_JAVA_OPTS": f"{_SMALL_JAVA} -Dspark.worker.timeout=60"}
        command = [str(_SPARK / "bin" / "spark-class"), f"org.apache.spark.deploy.{what}", "--host", self.hosts.address(host), *arguments]
        with (self.folder / "logs" / f"{host}.log").open("ab") as output:
            self._daemons[host] = self.hosts.start(host, command, environment, output)

    def _environment(self, host: str) -> dict[str, str]:
        python = str(_BINARIES / "python")
        return {
            "PATH": f"{_BINARIES}:{os.environ['PATH']}", "SPARK_HOME": str(_SPARK), "SPARK_CONF_DIR": str(self.folder / "conf"),
            "SPARK_LOCAL_IP": self.hosts.address(host), "SPARK_LOCAL_DIRS": str(self.hosts.disk(host) / "spark"),
            "PYSPARK_PYTHON": python, "PYSPARK_DRIVER_PYTHON": python,
        }

    def _await_workers(self) -> None:
        deadline = time.monotonic() + 120
        while self.alive_workers() < len(WORKERS):
            if time.monotonic() > deadline:
                raise CannotTest(f"The workers did not find the master within two minutes; look into {self.folder / 'logs'}.")
            time.sleep(0.5)

    def alive_workers(self) -> int:
        """How many workers the master counts on."""
        page = f"http://{self.hosts.address(MASTER)}:{_PAGE}/json/"
        told = self.hosts.ask(DRIVER, str(_BINARIES / "python"), "-c", f"from urllib.request import urlopen; print(urlopen('{page}', timeout=5).read().decode())")
        return json.loads(told)["aliveworkers"] if told else 0

    def processes(self, worker: str, word: str) -> list[psutil.Process]:
        """The processes on `worker` whose command line holds `word`."""
        return [process for process in family(self._daemons[worker]) if word in _command(process)]

    def submit(
        self, job: str, arguments: list[str], master: str | None = None, conf: dict[str, str] | None = None, archive_classes: bool = False
    ) -> Job:
        """Send in `jobs/<job>.py` as a user would; `master` where it should run elsewhere than on the cluster.

        Of a stage a quarter of the time goes into loading Spark's classes: a job that ends well with `archive_classes` spares all later ones that.
        """
        self._jobs += 1
        here = self.hosts.address(DRIVER)
        java = f"{_SMALL_JAVA} -XX:SharedArchiveFile={self._classes}" if self._classes.exists() else _SMALL_JAVA
        options = CONF | {
            "spark.driver.host": here, "spark.driver.bindAddress": here, "spark.executor.extraJavaOptions": java,
            "spark.driver.extraJavaOptions": f"{_SMALL_JAVA} -XX:ArchiveClassesAtExit={self._classes}" if archive_classes else java,
        } | (conf or {})
        given = [part for key, value in options.items() for part in ("--conf", f"{key}={value}")]
        command = [
            str(_BINARIES / "spark-submit"), "--master", master or self.master, "--properties-file", str(_SAMPLE), *given,
            "--py-files", str(ROOT / "dist" / "recsys.zip"), str(ROOT / "jobs" / f"{job}.py"), *arguments,
        ]
        log = self.folder / "logs" / f"{self._jobs:03d}-{job}.log"
        with log.open("wb") as output:
            return Job(self.hosts.start(DRIVER, command, self._environment(DRIVER), output), log, self.patience)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""  # it is gone
