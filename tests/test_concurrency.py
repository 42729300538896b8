"""Readers and other writers while a day is replaced, and a driver that dies in the middle of it."""

import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import pytest
from pyspark.testing import assertDataFrameEqual

from recsys.faults import Infrastructure
from recsys.lake import Lake
from recsys.tables import SEGMENTS
from tests.cluster.answer import last_version, rows
from tests.cluster.spark import Job
from tests.cluster.watch import kill_before_commit

MONDAY, TUESDAY = date(2020, 1, 6), date(2020, 1, 7)
SCHEMA = "user_id string, segment int, distance double, split string, ds date"


def day_of(spark, segment):
    """A day of three users, in two files."""
    return spark.createDataFrame([(f"u{user}", segment, 0.5, "train", MONDAY) for user in range(3)], SCHEMA).repartition(2)


def await_file(path):
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_a_reader_during_replacements_sees_one_whole_day_or_another(spark, lake):
    lake.replace_day(day_of(spark, 0), SEGMENTS, MONDAY)
    seen, over = [], threading.Event()

    def read():
        while not over.is_set():
            seen.append(sorted((row.user_id, row.segment) for row in lake.read_day(SEGMENTS, MONDAY).collect()))

    reader = threading.Thread(target=read)
    reader.start()
    for segment in (1, 2):
        lake.replace_day(day_of(spark, segment), SEGMENTS, MONDAY)
    over.set()
    reader.join()
    assert {tuple(state) for state in seen} <= {tuple((f"u{user}", segment) for user in range(3)) for segment in range(3)}
    assert len({tuple(state) for state in seen}) > 1


def replace_slowly(lake, wait):
    lake.replace_day(day_of(lake.spark, 1).coalesce(1).mapInArrow(wait, SCHEMA), SEGMENTS, MONDAY)


def remove_slowly(lake, wait):
    users = lake.spark.createDataFrame([("u1",)], "user_id string").coalesce(1)
    lake.remove(SEGMENTS, users.mapInArrow(wait, "user_id string"), "user_id")


@pytest.mark.parametrize("write", [replace_slowly, remove_slowly])
def test_of_two_runs_that_write_a_day_at_once_one_is_told_and_the_day_is_the_others(spark, lake, tmp_path, write):
    lake.replace_day(day_of(spark, 0), SEGMENTS, MONDAY)
    begun, go_on = tmp_path / "begun", tmp_path / "go_on"

    def wait(batches):
        begun.touch()  # the run has read the table's state and writes its files
        await_file(go_on)
        yield from batches

    told = []

    def slow():
        with pytest.raises(Infrastructure, match="Another run wrote to .*segments at the same time.*changed nothing") as fault:
            write(lake, wait)
        told.append(fault.value.exit_code)

    run = threading.Thread(target=slow)
    run.start()
    await_file(begun)
    Lake(spark, lake.root).replace_day(day_of(spark, 2), SEGMENTS, MONDAY)
    go_on.touch()
    run.join()
    assert told == [4]
    assertDataFrameEqual(lake.read(SEGMENTS), day_of(spark, 2))


def test_two_days_of_a_table_may_be_written_at_once(spark, lake):
    lake.replace_day(day_of(spark, 0), SEGMENTS, MONDAY)
    tuesday = spark.createDataFrame([("u9", 9, 0.5, "train", TUESDAY)], SCHEMA)
    runs = [
        threading.Thread(target=lake.replace_day, args=arguments)
        for arguments in ((day_of(spark, 1), SEGMENTS, MONDAY), (tuesday, SEGMENTS, TUESDAY))
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assertDataFrameEqual(lake.read(SEGMENTS), day_of(spark, 1).union(tuesday))


def test_a_driver_killed_between_files_and_commit_leaves_the_day_as_it_was_and_a_rerun_mends_it(spark, lake, tmp_path):
    lake.replace_day(day_of(spark, 0), SEGMENTS, MONDAY)
    table = Path(lake.location(SEGMENTS))
    before = rows(table)
    program = (
        "from tests.test_concurrency import *; from recsys.session import build_session; from recsys.settings import SparkSettings\n"
        "spark = build_session('killed', SparkSettings(master='local[1]', conf={'spark.driver.memory': '512m'}))\n"
        f"Lake(spark, {lake.root!r}).replace_day(day_of(spark, 1), SEGMENTS, MONDAY)"
    )
    log = tmp_path / "killed.log"
    with log.open("wb") as output:
        job = Job(subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[1], stdout=output, stderr=output), log)
    assert kill_before_commit(job, table), job.said()
    assert job.process.returncode == -9 and last_version(table) == 0 and rows(table) == before
    assertDataFrameEqual(lake.read(SEGMENTS), day_of(spark, 0))
    lake.replace_day(day_of(spark, 1), SEGMENTS, MONDAY)
    assertDataFrameEqual(lake.read(SEGMENTS), day_of(spark, 1))
