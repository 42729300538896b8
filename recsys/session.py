"""The Spark session. Jobs, notebooks and tests open it here; transforms never do."""

from __future__ import annotations

from pyspark.sql import SparkSession

from recsys.settings import SparkSettings

_ALWAYS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
# Delta reads its own log with as many tasks as a cluster wants; on one machine that is most of the time.
_LOCAL = {
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "2g",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


def build_session(name: str, settings: SparkSettings = SparkSettings()) -> SparkSession:
    """The session that is already there (Databricks, a notebook), else a new one.

    `settings.master` counts only where spark-submit has not named one; with a local master the defaults
    suit one small machine. `settings.conf` overrides everything.
    """
    running = SparkSession.getActiveSession()
    if running is not None:
        return running
    builder = SparkSession.builder.appName(name)
    conf = dict(_ALWAYS)
    if settings.master:
        builder = builder.master(settings.master)
        if settings.master.startswith("local"):
            conf |= _LOCAL
    for key, value in (conf | settings.conf).items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
