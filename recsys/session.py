"""The Spark session. Jobs, notebooks and tests open it here; transforms never do."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping

from pyspark.errors import PySparkRuntimeError
from pyspark.sql import SparkSession

from recsys.faults import Infrastructure
from recsys.settings import SparkSettings

_ALWAYS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",  # a time that does not fit its format is null, in every Spark
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
# Delta reads its own log with as many tasks as a cluster wants; on one machine that is most of the time.
_LOCAL = {
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
    "spark.sql.warehouse.dir": "var/spark-warehouse",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "2g",
    # Each hashed side of a broadcast join takes a whole page of the heap, by default 32 MB of these 2 GB: a few of them filled it.
    "spark.buffer.pageSize": "4m",
    # What Spark remembers of thousands of jobs that are over, for a page that is off, filled it too.
    "spark.ui.retainedJobs": "100",
    "spark.ui.retainedStages": "100",
    "spark.ui.retainedTasks": "1000",
    "spark.sql.ui.retainedExecutions": "20",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}

log = logging.getLogger(__name__)


def build_session(name: str, settings: SparkSettings = SparkSettings()) -> SparkSession:
    """The session that is already there (Databricks, a notebook), else a new one.

    Under spark-submit its command line and spark-defaults.conf say where to run: `settings.master` is then
    left aside, as in a session that is there. `settings.conf` overrides the options of both, but cannot resize
    a driver that already runs.
    """
    running = SparkSession.getActiveSession()
    if running is not None:
        _set(running, _options(settings, submitted=True))
        return running
    builder = SparkSession.builder.appName(name)
    for key, value in _options(settings, submitted="PYSPARK_GATEWAY_PORT" in os.environ).items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
    except PySparkRuntimeError as error:  # raised where the JVM does not come up, which prints its own reason before
        raise Infrastructure(
            f"Spark did not start: {error}. Look at the lines above; mostly Java is missing (set JAVA_HOME to a Java 17) "
            "or spark.driver.memory is more than this machine has."
        ) from error
    session.sparkContext.setLogLevel("ERROR")
    return session


def _set(running: SparkSession, options: Mapping[str, str]) -> None:
    """Give `running` those `options` that a session may still change, and tell which others it has otherwise."""
    changed = {key: value for key, value in options.items() if running.conf.get(key, None) != value}
    fixed = sorted(key for key in changed if not running.conf.isModifiable(key))
    for key in changed.keys() - fixed:
        running.conf.set(key, changed[key])
    if fixed:
        log.info("The session was there before, and keeps what it has of %s.", ", ".join(fixed))


def _options(settings: SparkSettings, submitted: bool) -> dict[str, str]:
    """The spark.* options to ask for; `submitted` says that spark-submit started this process."""
    options = dict(_ALWAYS)
    if settings.master and not submitted:
        options["spark.master"] = settings.master
        if settings.master.startswith("local"):
            # Else the Python workers are the first python3 on the PATH, which need not be the one that runs here.
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
            options |= _LOCAL
    return options | {key: _as_text(value) for key, value in settings.conf.items()}


def _as_text(value: str | bool | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
