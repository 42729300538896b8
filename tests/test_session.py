import os
import sys

import pytest
from pyspark.errors import PySparkRuntimeError
from pyspark.sql import SparkSession

from recsys.faults import Infrastructure
from recsys.session import _options, build_session
from recsys.settings import SparkSettings


def test_a_local_master_gets_the_defaults_of_a_small_machine_and_python_workers_of_its_own(monkeypatch):
    monkeypatch.delenv("PYSPARK_PYTHON", raising=False)
    options = _options(SparkSettings(master="local[2]"), submitted=False)
    assert options["spark.master"] == "local[2]" and options["spark.sql.shuffle.partitions"] == "4"
    assert os.environ["PYSPARK_PYTHON"] == sys.executable


def test_a_cluster_named_in_the_settings_keeps_its_own_defaults():
    options = _options(SparkSettings(master="yarn"), submitted=False)
    assert options["spark.master"] == "yarn" and "spark.sql.shuffle.partitions" not in options


def test_under_spark_submit_the_command_line_says_where_to_run():
    options = _options(SparkSettings(master="local[2]"), submitted=True)
    assert "spark.master" not in options and "spark.driver.host" not in options
    assert options["spark.sql.extensions"] == "io.delta.sql.DeltaSparkSessionExtension"


def test_options_of_the_settings_win_over_the_defaults_and_are_written_as_spark_reads_them():
    settings = SparkSettings(master="local[2]", conf={"spark.driver.memory": "3g", "spark.ui.enabled": True, "spark.sql.shuffle.partitions": 8})
    options = _options(settings, submitted=False)
    assert (options["spark.driver.memory"], options["spark.ui.enabled"], options["spark.sql.shuffle.partitions"]) == ("3g", "true", "8")


def test_a_session_that_runs_already_is_used(spark):
    assert build_session("another", SparkSettings(master="yarn")) is spark


def test_a_session_that_runs_already_gets_the_options_that_it_may_still_change_and_the_others_are_told(spark, monkeypatch, caplog):
    running = spark.newSession()
    monkeypatch.setattr(SparkSession, "getActiveSession", lambda: running)
    running.conf.set("spark.sql.session.timeZone", "Europe/Paris")
    settings = SparkSettings(master="local[2]", conf={"spark.sql.shuffle.partitions": 7, "spark.driver.memory": "9g", "spark.ui.enabled": False})
    with caplog.at_level("INFO", logger="recsys.session"):
        assert build_session("another", settings) is running
    assert (running.conf.get("spark.sql.session.timeZone"), running.conf.get("spark.sql.shuffle.partitions")) == ("UTC", "7")
    assert running.conf.get("spark.driver.memory") != "9g"
    assert caplog.messages == ["The session was there before, and keeps what it has of spark.driver.memory."]
    assert spark.conf.get("spark.sql.shuffle.partitions") == "2"


def test_a_java_that_does_not_start_is_told_with_what_to_do(monkeypatch):
    def fail(_):
        raise PySparkRuntimeError("[JAVA_GATEWAY_EXITED] Java gateway process exited")

    monkeypatch.setattr(SparkSession, "getActiveSession", lambda: None)
    monkeypatch.setattr(SparkSession.Builder, "getOrCreate", fail)
    with pytest.raises(Infrastructure, match="Spark did not start: .*set JAVA_HOME to a Java 17"):
        build_session("tests", SparkSettings())
