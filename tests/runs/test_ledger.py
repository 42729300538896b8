"""The table `runs`, and what tells the state of a table, on real tables of a few rows."""

import logging
import time
from dataclasses import replace
from datetime import date, datetime, timezone

from pyspark.sql import functions as F

from recsys import columns as c
from recsys.night import Night
from recsys.runs.ledger import Attempt, Found, Ledger
from recsys.runs.stage import day, whole
from recsys.settings import Settings
from recsys.tables import RUNS, SEGMENTS

MONDAY, TUESDAY = date(2020, 1, 6), date(2020, 1, 7)
DONE = Attempt(
    "r1", "segment_users", MONDAY, MONDAY, datetime(2020, 1, 7, 3, 30, 0, 250_000, timezone.utc), 1.5, "done", rows_in=3, rows_out=2, rejected=0,
    reads=(Found("user_features of 2020-01-06", "f1", 3),), writes=(Found("segments of 2020-01-06", "f2", 2, "w"), Found("page", "f3")),
    settings='{"segments": {}}', code_version="0.1.0", code_hash="h", model_version="m",
)


def night(lake, ds=MONDAY):
    return Night(lake, Settings(source="sources/shop.yaml"), ds, ds)


def write(lake, *attempts):
    ledger = Ledger(lake)
    for attempt in attempts:
        ledger.note(attempt)
    ledger.write()


def test_an_attempt_comes_back_as_it_was_written_and_two_runs_at_once_both_get_theirs_in(spark, lake):
    other = replace(DONE, run_id="r2", outcome="failed", exit_code=3, message="text", reads=(), writes=())
    one, two = Ledger(lake), Ledger(lake)
    one.note(DONE)
    two.note(other)
    one.write()
    two.write()
    write(lake, replace(DONE, ds=TUESDAY, model_ds=TUESDAY))
    found = Ledger.of(night(lake))
    assert sorted(found.attempts, key=lambda attempt: attempt.run_id) == [DONE, other]
    assert found.last_done("segment_users", night(lake)) == DONE and found.beside(DONE) == other
    assert lake.seen == {"segments of 2020-01-06": ("w", "f2")}  # so that the day is not looked into while the table is as it was
    assert found.rows_of("segments of 2020-01-06", "f2") == 2 and found.rows_of("segments of 2020-01-06", "f9") is None
    assert lake.read(RUNS).where(F.col(c.STARTED) == F.lit("2020-01-07 03:30:00.25").cast("timestamp")).count() == 3


def test_a_table_of_another_version_costs_a_warning_and_no_night(spark, lake, caplog):
    old = replace(RUNS, columns={name: kind for name, kind in RUNS.columns.items() if name != c.CODE_HASH})
    lake.append(spark.createDataFrame([], ", ".join(f"{name} {kind}" for name, kind in old.columns.items())), old)
    with caplog.at_level(logging.WARNING):
        write(lake, DONE)
        assert Ledger.of(night(lake)).attempts == []
    assert "The table runs cannot be written" in caplog.text


def test_a_column_that_another_version_added_is_left_aside(spark, lake):
    write(lake, DONE)
    spark.sql(f"ALTER TABLE delta.`{lake.location(RUNS)}` ADD COLUMNS (host string)")
    assert Ledger.of(night(lake)).attempts == [DONE]


def test_the_state_of_a_table_is_the_same_in_every_time_zone_of_the_driver(lake, monkeypatch):
    write(lake, DONE)
    (runs,) = whole(RUNS)
    states = set()
    try:
        for zone in ("UTC", "Asia/Shanghai"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            states.add(runs.state(night(lake)))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert len(states) == 1


def test_the_state_of_a_day_stays_while_other_days_are_written_and_changes_with_the_day_itself(spark, lake):
    def segments(ds):
        return spark.createDataFrame([("u1", 0, 0.5, "train", ds)], "user_id string, segment int, distance double, split string, ds date")

    (of_day,), (of_all,) = day(SEGMENTS), whole(SEGMENTS)
    monday, tuesday = night(lake), night(lake, TUESDAY)
    assert of_day.state(monday) is None and of_all.state(monday) is None
    lake.replace_day(segments(MONDAY), SEGMENTS, MONDAY)
    states = [(of_day.state(monday).fingerprint, of_all.state(monday).fingerprint)]
    lake.replace_day(segments(TUESDAY), SEGMENTS, TUESDAY)
    states.append((of_day.state(monday).fingerprint, of_all.state(monday).fingerprint))
    lake.replace_day(segments(MONDAY), SEGMENTS, MONDAY)
    states.append((of_day.state(monday).fingerprint, of_all.state(monday).fingerprint))
    days, tables = zip(*states)
    assert days[0] == days[1] != days[2] and len(set(tables)) == 3
    assert of_day.state(tuesday) not in days
    assert of_day.count(monday) == 1 and of_all.count(monday) == 2
