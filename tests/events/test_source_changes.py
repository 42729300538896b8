"""The source changes from one delivery to the next: absorbed by a stated rule, or refused before anything is written."""

import pytest
from pyspark.sql import functions as F
from shop import HEADER, a_source, write_log

from recsys.columns import ACCEPTED, BEHAVIOUR, COPIES, DAY, REJECTED, ROWS_IN, SOURCE_FILE, TIME, USER
from recsys.events.intake import take_in
from recsys.faults import BadData, BadSettings
from recsys.lake import Lake
from recsys.tables import EVENTS, INGESTS, QUARANTINE

OLD = ("u,milk,buy,2020-01-06 09:00:00,1,1.0", "v,milk,view,2020-01-06 10:00:00,1,1.0")
NEW = ("u,milk,buy,2020-01-07 09:00:00,1,1.0", "w,milk,view,2020-01-07 10:00:00,1,1.0")
TABLES = (EVENTS, QUARANTINE, INGESTS)


@pytest.fixture(scope="module")
def stocked(spark, tmp_path_factory):
    """A lake that one file was taken into, and the folder of deliveries."""
    folder = tmp_path_factory.mktemp("stocked")
    lake = Lake(spark, str(folder / "lake"))
    write_log(folder / "in" / "1.csv", *OLD)
    take_in(lake, a_source(folder / "in" / "*.csv"))
    return lake, folder / "in"


def events(lake):
    rows = lake.read(EVENTS).select(USER, F.col(TIME).cast("string"), BEHAVIOUR, F.col(DAY).cast("string"), SOURCE_FILE).collect()
    return sorted(tuple(row) for row in rows)


def books(lake):
    return sorted(tuple(row) for row in lake.read(INGESTS).select(SOURCE_FILE, ROWS_IN, ACCEPTED, REJECTED, COPIES).collect())


def longer(lines, value):
    return [f"{line},{value}" for line in lines]


REFUSED = {
    "a column is gone": (HEADER.rpartition(",")[0], [line.rpartition(",")[0] for line in NEW], BadSettings, "events.price = 'paid' does not fit the columns found"),
    "a column is renamed": (HEADER.replace("user", "customer"), NEW, BadSettings, "events.user_id = 'user' does not fit the columns found"),
    "a new behaviour": (HEADER, [*NEW, "u,milk,wave,2020-01-07 11:00:00,1,1.0"], BadData, "'wave' (1 rows)"),
    "times in another form": (HEADER, [line.replace("2020-01-07 ", "07.01.2020 ") for line in NEW], BadData, "unparsable_time 2"),
    "prices become text": (HEADER, [line.replace(",1.0", ",EUR 1") for line in NEW], BadData, "unparsable_number 2"),
    "a column named as ours": (f"{HEADER},source_file", longer(NEW, "x"), BadData, "has a column source_file"),
}


@pytest.mark.parametrize("change", REFUSED)
def test_what_no_rule_absorbs_is_refused_by_name_before_anything_is_written(stocked, change):
    lake, folder = stocked
    header, lines, kind, told = REFUSED[change]
    before = [lake.version(table) for table in TABLES]
    path = write_log(folder / "2.csv", *lines, header=header)
    try:
        with pytest.raises(kind) as fault:
            take_in(lake, a_source(folder / "*.csv"))
    finally:
        path.unlink()
    assert told in str(fault.value), str(fault.value)
    assert [lake.version(table) for table in TABLES] == before


def test_a_new_column_or_another_order_of_columns_changes_nothing_and_is_kept_in_what_is_rejected(lake, tmp_path):
    write_log(tmp_path / "1.csv", *OLD)
    header, lines = "colour," + ",".join(reversed(HEADER.split(","))), ["red," + ",".join(reversed(line.split(","))) for line in (*NEW, "w,,view,2020-01-07,1,1.0")]
    write_log(tmp_path / "2.csv", *lines, header=header)
    write_log(tmp_path / "3.csv", *(",".join(reversed(line.split(","))) for line in OLD), header=",".join(reversed(HEADER.split(","))))
    take_in(lake, a_source(tmp_path / "*.csv"))
    assert books(lake) == [("1.csv", 2, 2, 0, 0), ("2.csv", 3, 2, 1, 0), ("3.csv", 2, 0, 0, 2)]  # what 3.csv says, 1.csv said before
    assert '"colour":"red"' in lake.read(QUARANTINE).first()["raw"]


def test_a_file_with_other_columns_than_those_before_is_named_where_copies_are_dropped(lake, tmp_path, caplog):
    for name, header, lines in (("1.csv", HEADER, OLD), ("2.csv", f"{HEADER},colour", longer(OLD, "red")), ("3.csv", f"{HEADER},colour", longer(NEW, "red"))):
        write_log(tmp_path / name, *lines, header=header)
        with caplog.at_level("WARNING"):
            caplog.clear()
            take_in(lake, a_source(tmp_path / "*.csv"))
        told = "shop: 2.csv has other columns than 1.csv: new colour. With duplicates: drop a row is a copy only where all columns say the same"
        assert (told in caplog.text) == (name == "2.csv")
    assert books(lake) == [("1.csv", 2, 2, 0, 0), ("2.csv", 2, 2, 0, 0), ("3.csv", 2, 2, 0, 0)]


def test_a_typed_column_of_another_type_is_read_as_what_the_mapping_asks_for(lake, tmp_path, caplog):
    rows = "user {0}, item string, what string, at timestamp_ntz, units int, paid {1}"
    for name, kinds, user, paid in (("1", ("string", "double"), "7", 1.5), ("2", ("bigint", "string"), 8, "2.5")):
        frame = lake.spark.createDataFrame([(user, "milk", "buy", None, 1, paid)], rows.format(*kinds)).withColumn("at", F.expr(f"timestamp_ntz'2020-01-0{name} 09:00:00'"))
        frame.coalesce(1).write.parquet(str(tmp_path / "in" / name))
    with caplog.at_level("WARNING"):
        take_in(lake, a_source(tmp_path / "in" / "*", files__format="parquet", time={"format": "timestamp"}))
    assert "2 has other columns than 1: of another type user (string, then bigint), paid (double, then string)" in caplog.text
    assert [(row[0], row[4]) for row in events(lake)] == [("7", "1"), ("8", "2")]


def test_another_time_zone_of_the_mapping_takes_every_file_in_anew(lake, tmp_path):
    write_log(tmp_path / "1.csv", "u,milk,buy,2020-01-06 00:30:00,1,1.0")
    take_in(lake, a_source(tmp_path / "1.csv"))
    take_in(lake, a_source(tmp_path / "1.csv", time__zone="Europe/Paris"))
    assert events(lake) == [("u", "2020-01-05 23:30:00", "purchase", "2020-01-06", "1.csv")]


def test_a_clock_that_goes_back_orders_events_by_their_time_and_not_by_their_file(lake, tmp_path):
    write_log(tmp_path / "1.csv", *OLD)
    take_in(lake, a_source(tmp_path / "*.csv"))
    write_log(tmp_path / "2.csv", "u,milk,buy,2020-01-05 09:00:00,1,1.0")
    take_in(lake, a_source(tmp_path / "*.csv"))
    assert [(row[1], row[2]) for row in events(lake) if row[0] == "u"] == [("2020-01-05 09:00:00", "purchase"), ("2020-01-06 09:00:00", "repurchase")]


def test_an_hour_that_the_clock_shows_twice_or_never_is_read_alike_each_time(lake, tmp_path):
    write_log(tmp_path / "1.csv", "u,a,buy,2020-03-29 01:30:00,1,1.0", "u,b,buy,2020-10-25 01:30:00,1,1.0")
    take_in(lake, a_source(tmp_path / "1.csv", time__zone="Europe/London"))
    assert [row[1] for row in events(lake)] == ["2020-03-29 01:30:00", "2020-10-25 00:30:00"]


def test_a_file_that_is_gone_leaves_its_events(lake, tmp_path, caplog):
    write_log(tmp_path / "1.csv", *OLD)
    write_log(tmp_path / "2.csv", *NEW)
    take_in(lake, a_source(tmp_path / "*.csv"))
    (tmp_path / "1.csv").unlink()
    with caplog.at_level("WARNING"):
        take_in(lake, a_source(tmp_path / "*.csv"))
    assert len(events(lake)) == 4
    assert "1 file is no longer there, 1.csv; its events stay" in caplog.text
