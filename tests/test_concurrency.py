"""Readers and other writers while a day is replaced, and a driver that dies in the middle of it."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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


def await_file(path, unless=lambda: False):
    deadline = time.monotonic() + 120
    while not (path.exists() or unless()) and time.monotonic() < deadline:
        time.sleep(0.02)


def test_a_reader_during_replacements_sees_one_whole_day_or_another(spark, lake):
    lake.replace_day(day_of(spark, 0), SEGMENTS, MONDAY)
    over = threading.Event()

    def read():
        seen = set()
        while not over.is_set():
            seen.add(tuple(sorted((row.user_id, row.segment) for row in lake.read_day(SEGMENTS, MONDAY).collect())))
        return seen

    with ThreadPoolExecutor(1) as beside:
        reader = beside.submit(read)
        try:
            for segment in (1, 2):
                lake.replace_day(day_of(spark, segment), SEGMENTS, MONDAY)
        finally:
            over.set()
        seen = reader.result()
    assert seen <= {tuple((f"u{user}", segment) for user in range(3)) for segment in range(3)}
    assert len(seen) > 1


def replace_slowly(lake, wait):
    lake.replace_day(day_of(lake.spark, 1).coalesce(1).mapInArrow(wait, SCHEMA), SEGMENTS, MONDAY)


def remove_slowly(lake, wait):
    users = lake.spark.createDataFrame([("u1",)], "user_id string").coalesce(1)
    lake.remove(SEGMENTS, users.mapInArrow(wait, "user_id string"), "user_id")


@contextmanager
def begun(write, lake, folder):
    """`write` has read the table's state and writes its files while the block runs, and commits after it; gives its future."""
    begins, go_on = folder / "begun", folder / "go_on"

    def wait(batches):
        begins.touch()
        await_file(go_on)
        yield from batches

    with ThreadPoolExecutor(1) as beside:
        run = beside.submit(write, lake, wait)
        try:
            await_file(begins, unless=run.done)
            assert not run.done(), run.exception()
            yield run
        finally:
            go_on.touch()


@pytest.mark.parametrize("write", [replace_slowly, remove_slowly])
def test_of_two_runs_that_write_a_day_at_once_one_is_told_and_the_day_is_the_others(spark, lake, tmp_path, write):
    lake.replace_day(day_of(spark, 0), SEGMENTS, MONDAY)
    with begun(write, lake, tmp_path) as slow:
        Lake(spark, lake.root).replace_day(day_of(spark, 2), SEGMENTS, MONDAY)
    with pytest.raises(Infrastructure, match="Another run wrote to .*segments at the same time.*changed nothing") as fault:
        slow.result()
    assert fault.value.exit_code == 4
    assertDataFrameEqual(lake.read(SEGMENTS), day_of(spark, 2))


def test_two_days_of_a_table_may_be_written_at_once(spark, lake, tmp_path):
    lake.replace_day(day_of(spark, 0), SEGMENTS, MONDAY)
    tuesday = spark.createDataFrame([("u9", 9, 0.5, "train", TUESDAY)], SCHEMA)
    with begun(replace_slowly, lake, tmp_path) as slow:
        Lake(spark, lake.root).replace_day(tuesday, SEGMENTS, TUESDAY)
        assertDataFrameEqual(lake.read(SEGMENTS), day_of(spark, 0).union(tuesday))
    slow.result()
    assertDataFrameEqual(lake.read(SEGMENTS), day_of(spark, 1).union(tuesday))


def test_a_driver_killed_between_files_and_commit_leaves_the_day_as_it_was_and_a_rerun_mends_it(spark, lake, tmp_path):
    lake.replace_day(day_of(spark, 0), SEGMENTS, MONDAY)
    table = Path(lake.location(SEGMENTS))
    before = rows(table)
    program = (
        "from tests.conftest import SMALL; from tests.test_concurrency import *\n"
        "from recsys.session import build_session; from recsys.settings import SparkSettings\n"
        "spark = build_session('killed', SparkSettings(master='local[1]', conf=SMALL | {'spark.driver.memory': '512m'}))\n"
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
