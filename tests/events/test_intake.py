import shutil
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256

import pytest
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual
from shop import a_source, write_log

from recsys.columns import ACCEPTED, BEHAVIOUR, CONTENT, COPIES, FINGERPRINT, ITEM, NAME, RAW, REASONS, REJECTED, ROWS, ROWS_IN, SOURCE_FILE, TIME, USER
from recsys.events import intake
from recsys.events.intake import take_in
from recsys.faults import BadData, BadSettings, Infrastructure
from recsys.lake import Lake
from recsys.tables import ERASURES, EVENTS, INGESTS, PRODUCT_MENTIONS, QUARANTINE

MONDAY = ("u,milk,buy,2020-01-06 09:00:00,1,1.0", "u,bread,buy,2020-01-06 09:00:00,2,2.0")
TUESDAY = ("u,milk,buy,2020-01-07 09:00:00,1,1.1", "v,milk,view,2020-01-07 10:00:00,1,1.1")


def bought(lake):
    rows = lake.read(EVENTS).select(USER, ITEM, F.dayofmonth(TIME).alias("day"), BEHAVIOUR, SOURCE_FILE).collect()
    return sorted(tuple(row) for row in rows)


def books(lake):
    rows = lake.read(INGESTS).select(SOURCE_FILE, ROWS_IN, ACCEPTED, REJECTED, COPIES).collect()
    return sorted(tuple(row) for row in rows)


def versions(lake):
    return [lake.version(table) for table in (EVENTS, QUARANTINE, PRODUCT_MENTIONS, INGESTS)]


def test_rows_are_accepted_rejected_or_dropped_as_copies_and_taken_in_once(lake, tmp_path):
    write_log(tmp_path / "in" / "log.csv.gz", *MONDAY, MONDAY[0], "u,milk,buy,2020-01-07 09:00:00,1,0", 'u,milk')
    source = a_source(tmp_path / "in" / "*.gz", products={"columns": {"name": "upper(item)"}})
    take_in(lake, source)
    before = versions(lake)
    take_in(lake, source)

    assert versions(lake) == before
    assert books(lake) == [("log.csv.gz", 5, 2, 2, 1)]
    assert bought(lake) == [("u", "bread", 6, "purchase", "log.csv.gz"), ("u", "milk", 6, "purchase", "log.csv.gz")]
    quarantined = lake.read(QUARANTINE).select(RAW, REASONS)
    expected = [
        ('{"at":"2020-01-07 09:00:00","item":"milk","paid":"0","units":"1","user":"u","what":"buy"}', ["price_not_positive"]),
        ('{"_corrupt_record":"u,milk","item":"milk","user":"u"}', ["malformed_row"]),
    ]
    assertDataFrameEqual(quarantined, lake.spark.createDataFrame(expected, quarantined.schema))
    mentioned = lake.read(PRODUCT_MENTIONS).select(ITEM, NAME, ROWS)
    assertDataFrameEqual(mentioned, lake.spark.createDataFrame([("milk", "MILK", 1), ("bread", "BREAD", 1)], mentioned.schema))


def test_the_events_depend_on_the_files_and_not_on_the_order_they_came_in(spark, tmp_path):
    days = {"monday": MONDAY, "tuesday": (*TUESDAY, MONDAY[1])}
    lakes = {}
    for name, order in {"forwards": ("monday", "tuesday"), "backwards": ("tuesday", "monday")}.items():
        lakes[name] = Lake(spark, str(tmp_path / name / "lake"))
        for day in order:
            write_log(tmp_path / name / "in" / f"{day}.csv", *days[day])
            take_in(lakes[name], a_source(tmp_path / name / "in" / "*.csv"))

    assert bought(lakes["forwards"]) == [
        ("u", "bread", 6, "purchase", "monday.csv"),
        ("u", "milk", 6, "purchase", "monday.csv"),
        ("u", "milk", 7, "repurchase", "tuesday.csv"),
        ("v", "milk", 7, "browse", "tuesday.csv"),
    ]
    assert books(lakes["forwards"]) == [("monday.csv", 2, 2, 0, 0), ("tuesday.csv", 3, 2, 0, 1)]
    assertDataFrameEqual(lakes["backwards"].read(EVENTS), lakes["forwards"].read(EVENTS))
    assert books(lakes["backwards"]) == books(lakes["forwards"])


def test_a_corrected_file_replaces_its_rows_and_what_followed_from_them(lake, tmp_path):
    monday = write_log(tmp_path / "monday.csv", *MONDAY)
    write_log(tmp_path / "tuesday.csv", *TUESDAY, MONDAY[1])
    source = a_source(tmp_path / "*.csv")
    take_in(lake, source)
    write_log(monday, "u,honey,buy,2020-01-06 09:00:00,1,1.0")
    take_in(lake, source)
    assert bought(lake) == [
        ("u", "bread", 6, "purchase", "tuesday.csv"),  # once a copy of monday's
        ("u", "honey", 6, "purchase", "monday.csv"),
        ("u", "milk", 7, "purchase", "tuesday.csv"),  # no longer a repurchase
        ("v", "milk", 7, "browse", "tuesday.csv"),
    ]
    assert books(lake) == [("monday.csv", 1, 1, 0, 0), ("tuesday.csv", 3, 3, 0, 0)]


def test_a_corrected_file_without_an_account_gives_back_what_others_had_as_copies(lake, tmp_path):
    monday = write_log(tmp_path / "monday.csv", *MONDAY)
    write_log(tmp_path / "tuesday.csv", *TUESDAY, MONDAY[1])
    source = a_source(tmp_path / "*.csv")
    take_in(lake, source)
    lake.spark.sql(f"DELETE FROM delta.`{lake.location(INGESTS)}` WHERE source_file = 'monday.csv'")  # as a run that was killed leaves it
    write_log(monday, MONDAY[0])
    take_in(lake, source)
    assert ("u", "bread", 6, "purchase", "tuesday.csv") in bought(lake)
    assert books(lake) == [("monday.csv", 1, 1, 0, 0), ("tuesday.csv", 3, 3, 0, 0)]


def test_what_a_table_lost_is_taken_in_anew_from_its_files(lake, tmp_path, caplog):
    write_log(tmp_path / "monday.csv", *MONDAY, "u,milk,buy,2020-01-06 09:00:00,1,0")
    write_log(tmp_path / "tuesday.csv", *TUESDAY)
    source = a_source(tmp_path / "*.csv", products={"columns": {"name": "upper(item)"}})
    take_in(lake, source)
    before = bought(lake), books(lake), lake.read(QUARANTINE).count()
    damages = "DELETE FROM delta.`{events}` WHERE item_id = 'bread'", "DELETE FROM delta.`{quarantine}`", "DELETE FROM delta.`{mentions}` WHERE item_id = 'bread'"
    for damage in damages:
        lake.spark.sql(damage.format(events=lake.location(EVENTS), quarantine=lake.location(QUARANTINE), mentions=lake.location(PRODUCT_MENTIONS)))
        with caplog.at_level("WARNING"):
            assert [account.source_file for account in take_in(lake, source)] == ["monday.csv"]
        assert "1 file is no longer whole in the lake, monday.csv; its rows are taken in anew" in caplog.text
        assert (bought(lake), books(lake), lake.read(QUARANTINE).count()) == before
        assert lake.read(PRODUCT_MENTIONS).agg(F.sum(ROWS)).first()[0] == 4
    for table in (PRODUCT_MENTIONS, QUARANTINE, EVENTS):
        shutil.rmtree(lake.location(table))
        lake.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # another process would not remember it
        assert len(take_in(lake, source)) == 2
        assert (bought(lake), books(lake), lake.read(QUARANTINE).count()) == before
    assert lake.exists(PRODUCT_MENTIONS) and take_in(lake, source) == []


def test_a_table_that_was_restored_to_before_a_file_was_corrected_gets_it_anew(lake, tmp_path):
    monday = write_log(tmp_path / "monday.csv", *MONDAY)
    source = a_source(tmp_path / "*.csv", products={"columns": {"name": "upper(item)"}})
    take_in(lake, source)
    write_log(monday, MONDAY[0], "u,honey,buy,2020-01-06 09:00:00,2,2.0")
    take_in(lake, source)
    corrected = [("u", "honey", 6, "purchase", "monday.csv"), ("u", "milk", 6, "purchase", "monday.csv")]
    for table in (EVENTS, PRODUCT_MENTIONS):
        lake.spark.sql(f"RESTORE TABLE delta.`{lake.location(table)}` TO VERSION AS OF 0")
        assert len(take_in(lake, source)) == 1
        assert bought(lake) == corrected
        assert sorted(row[0] for row in lake.read(PRODUCT_MENTIONS).select(NAME).collect()) == ["HONEY", "MILK"]
    write_log(tmp_path / "sunday.csv", "u,milk,buy,2020-01-05 09:00:00,1,1.0")
    assert [account.source_file for account in take_in(lake, source)] == ["sunday.csv"]
    assert ("u", "milk", 6, "repurchase", "monday.csv") in bought(lake) and take_in(lake, source) == []


def test_accounts_of_an_older_version_hold_by_their_rows(lake, tmp_path):
    write_log(tmp_path / "monday.csv", *MONDAY)
    source = a_source(tmp_path / "*.csv")
    take_in(lake, source)
    accounts = lake.spark.createDataFrame(lake.read(INGESTS).drop(CONTENT).collect())
    shutil.rmtree(lake.location(INGESTS))
    lake.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
    older = replace(INGESTS, columns={name: kind for name, kind in INGESTS.columns.items() if name != CONTENT})
    lake.replace_where(accounts, older, "true", of="older")
    write_log(tmp_path / "tuesday.csv", *TUESDAY)
    assert [account.source_file for account in take_in(lake, source)] == ["tuesday.csv"]
    told = {row[SOURCE_FILE]: row[CONTENT] for row in lake.read(INGESTS).collect()}
    assert told["monday.csv"] is None and told["tuesday.csv"] is not None
    assert take_in(lake, source) == []


def test_what_a_table_lost_of_a_file_that_is_gone_is_told(lake, tmp_path, caplog):
    monday = write_log(tmp_path / "monday.csv", *MONDAY)
    write_log(tmp_path / "tuesday.csv", *TUESDAY)
    source = a_source(tmp_path / "*.csv")
    take_in(lake, source)
    monday.unlink()
    lake.spark.sql(f"DELETE FROM delta.`{lake.location(EVENTS)}` WHERE item_id = 'bread'")
    with caplog.at_level("WARNING"):
        assert take_in(lake, source) == []
    assert "1 file is neither there nor whole in the lake, monday.csv; its rows come back only with another delivery" in caplog.text


def test_all_files_are_taken_in_again_where_that_is_asked_for(lake, tmp_path):
    write_log(tmp_path / "monday.csv", *MONDAY)
    write_log(tmp_path / "tuesday.csv", *TUESDAY)
    take_in(lake, a_source(tmp_path / "*.csv"))
    before = bought(lake), books(lake)
    assert [account.source_file for account in take_in(lake, a_source(tmp_path / "*.csv"), anew=True)] == ["monday.csv", "tuesday.csv"]
    assert (bought(lake), books(lake)) == before


def test_purchases_with_their_history_are_worked_out_once_and_written_from_memory(lake, tmp_path, monkeypatch):
    write_log(tmp_path / "monday.csv", *MONDAY)
    take_in(lake, a_source(tmp_path / "*.csv"))
    write_log(tmp_path / "tuesday.csv", *TUESDAY)
    replace_where, from_memory = Lake.replace_where, []

    def seen(self, rows, into, predicate, of):
        if into is EVENTS:
            from_memory.append("InMemoryRelation" in rows._jdf.queryExecution().withCachedData().toString())
        return replace_where(self, rows, into, predicate, of)

    monkeypatch.setattr(Lake, "replace_where", seen)
    take_in(lake, a_source(tmp_path / "*.csv"))
    assert from_memory == [True] and bought(lake)[2] == ("u", "milk", 7, "repurchase", "tuesday.csv")


def test_a_run_killed_between_two_tables_is_healed_by_the_next(lake, tmp_path, monkeypatch):
    monday = write_log(tmp_path / "monday.csv", *MONDAY)
    source = a_source(tmp_path / "*.csv")
    take_in(lake, source)
    write_log(monday, *MONDAY, "u,milk,buy,2020-01-05 09:00:00,1,1.0")
    replace_where, kills = Lake.replace_where, [EVENTS, INGESTS]

    def killed(self, rows, into, predicate, of):
        if kills and into is kills[0] and not of.endswith("opened"):
            raise KeyboardInterrupt(kills.pop(0).name)
        return replace_where(self, rows, into, predicate, of)

    monkeypatch.setattr(Lake, "replace_where", killed)
    for table in (EVENTS, INGESTS):
        with pytest.raises(KeyboardInterrupt, match=table.name):
            take_in(lake, source)
    take_in(lake, source)
    assert bought(lake) == [
        ("u", "bread", 6, "purchase", "monday.csv"),
        ("u", "milk", 5, "purchase", "monday.csv"),
        ("u", "milk", 6, "repurchase", "monday.csv"),
    ]
    assert books(lake) == [("monday.csv", 3, 3, 0, 0)]


@pytest.mark.parametrize("late", ["monday.csv", "sunday.csv"])  # a file that was in before, and a new one
def test_repurchases_by_a_row_of_a_killed_run_that_is_then_corrected_away_are_purchases_again(lake, tmp_path, monkeypatch, late):
    for name, lines in (("monday.csv", MONDAY[:1]), ("tuesday.csv", ["u,honey,buy,2020-01-07 09:00:00,1,1.0"])):
        write_log(tmp_path / name, *lines)
    source, replace_where = a_source(tmp_path / "*.csv"), Lake.replace_where
    take_in(lake, source)

    def killed(self, rows, into, predicate, of):
        if into is EVENTS:
            raise KeyboardInterrupt
        return replace_where(self, rows, into, predicate, of)

    monkeypatch.setattr(Lake, "replace_where", killed)
    write_log(tmp_path / late, MONDAY[0], "u,honey,buy,2020-01-05 09:00:00,1,1.0")
    with pytest.raises(KeyboardInterrupt):
        take_in(lake, source)
    assert ("u", "honey", 7, "repurchase", "tuesday.csv") in bought(lake)
    monkeypatch.setattr(Lake, "replace_where", replace_where)
    write_log(tmp_path / late, MONDAY[0])
    take_in(lake, source)
    assert ("u", "honey", 7, "purchase", "tuesday.csv") in bought(lake)
    assert take_in(lake, source) == [] and None not in [row[0] for row in lake.read(INGESTS).select(FINGERPRINT).collect()]


def test_a_file_that_is_refused_shows_rows_but_none_of_an_erased_user(lake, tmp_path):
    lake.replace_where(lake.frame([(sha256(b"u").hexdigest(),)], ERASURES, date(2020, 1, 5)), ERASURES, "true", of="all")
    write_log(tmp_path / "monday.csv", *MONDAY, "v,milk,buy,2020-01-06 09:00:00,1,0", "v,bread,buy,2020-01-06 09:00:00,1,0")
    with pytest.raises(BadData) as fault:
        take_in(lake, a_source(tmp_path / "*.csv", accepted_reject_rate=0.4))
    assert '"item":"bread","paid":"0","units":"1","user":"v"' in str(fault.value) and '"user":"u"' not in str(fault.value)


def test_without_a_clock_equal_rows_are_kept_and_one_day_is_one_basket(lake, tmp_path):
    day = "u,milk,buy,1-6,1,1.0"
    write_log(tmp_path / "log.csv", day, day, "u,milk,buy,1-7,1,1.0")
    source = a_source(
        tmp_path / "log.csv", duplicates="keep", time={"format": "yyyy-M-d", "zone": "Asia/Shanghai"}, events__event_time="concat('2020-', at)",
    )
    take_in(lake, source)
    found = lake.read(EVENTS).select(TIME, BEHAVIOUR)
    expected = [(datetime(2020, 1, 5, 16), "purchase"), (datetime(2020, 1, 5, 16), "purchase"), (datetime(2020, 1, 6, 16), "repurchase")]
    assertDataFrameEqual(found, lake.spark.createDataFrame(expected, found.schema))
    assert books(lake) == [("log.csv", 3, 3, 0, 0)]


def test_a_lake_that_holds_another_source_is_refused_unless_the_settings_name_it(lake, tmp_path):
    write_log(tmp_path / "log.csv", *MONDAY)
    take_in(lake, a_source(tmp_path / "log.csv"))
    before, other = versions(lake), a_source(tmp_path / "log.csv", name="other")
    with pytest.raises(BadSettings, match=r"holds events of shop, and would now get those of other.*beside_sources: \[shop\]"):
        take_in(lake, other)
    assert versions(lake) == before
    take_in(lake, other, beside=["shop"])
    assert lake.read(EVENTS).count() == 4


def test_users_who_are_erased_while_files_are_taken_in_are_not_brought_back(lake, tmp_path, monkeypatch):
    write_log(tmp_path / "log.csv", *MONDAY, "v,milk,view,2020-01-06 10:00:00,1,1.1")
    source, whole = a_source(tmp_path / "log.csv"), intake._commit

    def erased_meanwhile(*arguments, **named):
        lake.append(lake.frame([(sha256(b"v").hexdigest(),)], ERASURES, date(2020, 2, 1)), ERASURES)
        whole(*arguments, **named)

    monkeypatch.setattr(intake, "_commit", erased_meanwhile)
    with pytest.raises(Infrastructure, match="erased while files of shop were taken in"):
        take_in(lake, source)
    monkeypatch.setattr(intake, "_commit", whole)
    take_in(lake, source)
    assert {row[0] for row in lake.read(EVENTS).select(USER).collect()} == {"u"} and books(lake)[0][:3] == ("log.csv", 3, 2)
