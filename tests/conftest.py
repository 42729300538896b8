"""One small Spark session for each process of the suite, and a lake in a temporary folder for a test."""

import logging
from contextlib import contextmanager, suppress

import hypothesis
import pytest

from recsys.lake import Lake
from recsys.session import build_session
from recsys.settings import SparkSettings

# Tests hold a few rows: compiling code for them, in the JVM or by Spark, costs far more than it saves.
SMALL = {
    "spark.driver.memory": "2g",
    # What Spark and Delta remember of thousands of jobs and tables fills 1 GB; collecting it again and again was a quarter of the suite's time.
    "spark.ui.retainedJobs": "20",
    "spark.ui.retainedStages": "20",
    "spark.ui.retainedTasks": "200",
    "spark.sql.ui.retainedExecutions": "5",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",  # of VACUUM, else 10,000 tasks
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",  # expressions outside of whole stages too
    "spark.sql.adaptive.enabled": "false",  # with it every exchange is a job of its own, and a plan is made anew after each
    # The first compiler alone gets 48 MB for its code unless told otherwise. Spark's fill them, and throwing code away and making it anew never ends.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC -Ddelta.log.cacheSize=50",
}

# What Spark is spared in tests though nights have it; somewhere each has to be seen to work.
COMPILED = {"spark.sql.codegen.factoryMode": "FALLBACK"}
ADAPTIVE = {"spark.sql.adaptive.enabled": "true"}

# A machine at other work is no fault of the code, and every run tries the same examples.
hypothesis.settings.register_profile("busy", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("busy")

# Pytest listens at loggers that do not propagate too. PySpark's, made at the first query that it refuses, would have what pytest hears
# of every logger written as JSON from then on.
with suppress(ImportError):  # of Spark 3.5, which has none
    from pyspark.logger import PySparkLogger

    PySparkLogger.addHandler = logging.Logger.addHandler

_LONG = {"jobs", "training"}  # folders whose tests take minutes: whole nights, real ranks


def pytest_collection_modifyitems(items):
    """The long ones first, so that in the end no process waits for another's last file."""
    items.sort(key=lambda item: item.path.parent.name not in _LONG)


@pytest.fixture(scope="session")
def spark():
    logging.getLogger("py4j").setLevel(logging.WARNING)
    session = build_session("tests", SparkSettings(master="local[2]", conf=SMALL))
    yield session
    session.stop()


@contextmanager
def having(spark, options):
    """Spark has such options within the block."""
    before = {name: spark.conf.get(name) for name in options}
    try:
        for name, value in options.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)


@pytest.fixture(scope="session")
def told_folder(worker_id, tmp_path_factory):
    """Of the lake that `tests.report.told` writes: one for all processes of the suite."""
    folder = tmp_path_factory.getbasetemp()
    return (folder if worker_id == "master" else folder.parent) / "whole_night"


@pytest.fixture
def lake(spark, tmp_path):
    return Lake(spark, str(tmp_path / "lake"))
