"""Erasure on real tables: what is gone, what stays, what is proven, and what a later delivery brings."""

from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

import erase_users
import ingest_events
import pyarrow.parquet as pq
import pytest

from recsys import columns as c
from recsys import tables as t
from recsys.erasure import USER_TABLES
from recsys.job import run_job
from recsys.lake import Lake

SOURCE = """
name: shop
files: {path: to be overridden}
events: {user_id: "regexp_replace(user, '[.]0$', '')", item_id: item, behaviour: what, event_time: at, price: paid}
time: {format: yyyy-MM-dd}
behaviours: {buy: purchase}
accepted_reject_rate: 0.9
"""
LINES = [
    "user,item,what,at,paid",
    "7.0,a,buy,2020-01-01,1.0",
    "7.0,b,buy,2020-01-02,0",  # rejected; its price is another user's id
    "0,a,buy,2020-01-02,7",
    "70,a,buy,2020-01-02,7",
    "0,b,buy,2020-01-02,0",
    "7.0",  # malformed
    "0,7,broken",
]
DAY = date(2020, 1, 2)


@pytest.fixture
def shop(spark, tmp_path):
    """The arguments of a job for a shop whose log was taken in; user 7 has pushes and features too."""
    (tmp_path / "source.yaml").write_text(SOURCE)
    (tmp_path / "shop.yaml").write_text("source: source.yaml\n")
    (tmp_path / "log.csv").write_text("\n".join(LINES))
    (tmp_path / "users.txt").write_text("7\r\n\n 7 \nnobody\n")
    arguments = ["--config", str(tmp_path / "shop.yaml"), "--ds", str(DAY), f"lake={tmp_path}/lake", f"source_path={tmp_path}/log.csv"]
    run_job("Ingest.", ingest_events.STAGE, arguments)
    lake = Lake(spark, f"{tmp_path}/lake")
    pushed = [(user, 1, "a", 0.5, "A", 1.0, "model", "m", 0, DAY) for user in ("7", "70")]
    schema = ", ".join(f"{name} {kind}" for name, kind in t.PUSHES.columns.items())
    lake.replace_day(spark.createDataFrame(pushed, schema), t.PUSHES, DAY)
    return lake, arguments, ["--users", str(tmp_path / "users.txt")]


def told(lake, table, *names):
    return sorted(tuple(row) for row in lake.read(table).select(*names).collect())


def books(lake):
    return told(lake, t.INGESTS, c.ROWS_IN, c.ACCEPTED, c.REJECTED, c.COPIES, c.ERASED)


def live_values(lake):
    """Every text in every live file of every table, as another reader than Spark finds them."""
    found = set()
    for log in Path(lake.root).glob("*/_delta_log"):
        for url in lake.spark.read.format("delta").load(str(log.parent)).inputFiles():
            for column in pq.ParquetFile(unquote(urlsplit(url).path)).read().columns:
                found |= {value for value in column.to_pylist() if isinstance(value, str)}
    return found


def test_an_erased_user_is_in_no_live_file_and_no_delivery_brings_him_back(shop, tmp_path, capsys):
    lake, arguments, users = shop
    assert "7" in live_values(lake) and any('"7.0"' in value for value in live_values(lake))
    erase_users.main([*arguments, *users, "--dry-run"])
    foretold = capsys.readouterr().out.split("\n")
    assert [" ".join(line.split()[:2]) for line in foretold if line] == ["events 1", "pushes 1", "events_quarantine 3", "events_incoming 7"]
    assert "7" in live_values(lake) and not lake.exists(t.ERASURES)
    erase_users.main([*arguments, *users])

    assert not {value for value in live_values(lake) if value == "7" or "7.0" in value or "7@" in value}
    assert told(lake, t.EVENTS, c.USER) == [("0",), ("70",)]
    assert told(lake, t.PUSHES, c.USER) == [("70",)]
    assert told(lake, t.QUARANTINE, c.RAW) == [('{"at":"2020-01-02","item":"b","paid":"0","user":"0","what":"buy"}',)]
    assert books(lake) == [(7, 2, 1, 0, 4)]
    proof = told(lake, t.ERASURE_PROOFS, c.TABLE, c.ROWS, c.ROWS_LEFT)
    assert proof == [("events", 1, 0), ("events_incoming", 7, 0), ("events_quarantine", 3, 0), ("pushes", 1, 0)]
    assert "events_quarantine" in capsys.readouterr().out

    before = [lake.version(table) for table in (t.EVENTS, t.QUARANTINE, t.PUSHES, t.ERASURES, t.ERASURE_PROOFS)]
    erase_users.main([*arguments, *users])
    assert [lake.version(table) for table in (t.EVENTS, t.QUARANTINE, t.PUSHES, t.ERASURES, t.ERASURE_PROOFS)] == before

    (tmp_path / "log.csv").write_text("\n".join([*LINES, "70,b,buy,2020-01-03,2.0", "7.0,b,buy,2020-01-03,2.0"]))
    run_job("Ingest.", ingest_events.STAGE, arguments)
    assert told(lake, t.EVENTS, c.USER) == [("0",), ("70",), ("70",)]
    assert books(lake) == [(9, 3, 1, 0, 5)]
    assert not {value for value in live_values(lake) if value == "7" or "7.0" in value or "7@" in value}


def test_ids_that_stand_in_no_table_are_told_by_their_lines_and_once(shop, tmp_path, caplog):
    _, arguments, users = shop
    (tmp_path / "users.txt").write_text("\ufeff7\n\n 70 \r\nnobody\r7.O\nbroken\nnobody", encoding="utf-8")  # a malformed row has the word broken
    for run in (["--dry-run"], []):
        caplog.clear()
        erase_users.main([*arguments, *users, *run])
        assert "2 of 5 ids stand in no table (lines 4, 5 of the list)" in caplog.text
        assert "nobody" not in caplog.text and "7.O" not in caplog.text
    caplog.clear()
    erase_users.main([*arguments, *users])
    assert "stand in no table" not in caplog.text


def test_an_erasure_killed_before_or_after_any_removal_is_ended_by_the_next_with_the_true_counts(shop, monkeypatch):
    lake, arguments, users = shop
    remove, kills = Lake.remove, ["before", "after"] * 2

    def killed(self, table, keys, key):
        now = kills.pop(0) if kills else "never"
        if now != "before":
            remove(self, table, keys, key)
        if now != "never":
            raise KeyboardInterrupt(now)

    monkeypatch.setattr(Lake, "remove", killed)
    for table, moment in ((t.EVENTS, "before"), (t.EVENTS, "after"), (t.PUSHES, "before"), (t.PUSHES, "after")):
        with pytest.raises(KeyboardInterrupt, match=moment):
            erase_users.main([*arguments, *users])
        assert (table.name, 0, 1, None) in told(lake, t.ERASURE_PROOFS, c.TABLE, c.ROWS, c.ROWS_LEFT, c.VERSION)
    erase_users.main([*arguments, *users])
    assert books(lake) == [(7, 2, 1, 0, 4)]
    proof = told(lake, t.ERASURE_PROOFS, c.TABLE, c.ROWS, c.ROWS_LEFT)
    assert proof == [("events", 1, 0), ("events_incoming", 7, 0), ("events_quarantine", 3, 0), ("pushes", 1, 0)]
    assert told(lake, t.PUSHES, c.USER) == [("70",)]


def test_what_a_table_had_lost_before_an_erasure_is_not_called_erased_and_comes_back(shop, caplog):
    lake, arguments, users = shop
    lake.spark.sql(f"DELETE FROM delta.`{lake.location(t.EVENTS)}` WHERE user_id = '70'")
    erase_users.main([*arguments, *users])
    assert "the tables did not hold what the accounts of 1 files tell" in caplog.text and books(lake) == []
    run_job("Ingest.", ingest_events.STAGE, arguments)
    assert told(lake, t.EVENTS, c.USER) == [("0",), ("70",)] and books(lake) == [(7, 2, 1, 0, 4)]


def test_after_an_erasure_no_file_is_taken_in_anew(shop):
    lake, arguments, users = shop
    erase_users.main([*arguments, *users])
    before = lake.version(t.EVENTS)
    run_job("Ingest.", ingest_events.STAGE, arguments)
    assert lake.version(t.EVENTS) == before and books(lake) == [(7, 2, 1, 0, 4)]


def test_a_list_of_users_that_is_not_there_or_empty_is_told(shop, tmp_path, capsys):
    _, arguments, _ = shop
    (tmp_path / "empty.txt").write_text("\n \n")
    for name, message, code in (("none.txt", "There is no file", 2), ("empty.txt", "holds no user id", 3)):
        with pytest.raises(SystemExit) as end:
            erase_users.main([*arguments, "--users", str(tmp_path / name)])
        assert end.value.code == code
        assert message in capsys.readouterr().err


def test_the_job_says_what_it_reads_and_writes_and_only_wires():
    text = Path(erase_users.__file__).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60 and all(part in erase_users.__doc__ for part in ("Reads   ", "Writes  ", "--users", "VACUUM"))


def test_its_help_tells_its_own_arguments_and_none_that_do_nothing(capsys):
    with pytest.raises(SystemExit) as end:
        erase_users.main(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert end.value.code == 0 and "--force" not in told and "--model-ds" not in told
    assert all(text in told for text in ("--users FILE a text file with one user id a line", "--vacuum also delete", "--dry-run say how many rows"))


def test_a_list_of_users_must_be_named(capsys):
    with pytest.raises(SystemExit) as end:
        erase_users.main(["--config", "x.yaml", "--ds", "2020-01-31"])
    assert end.value.code == 2 and "required: --users" in capsys.readouterr().err


def test_every_table_that_holds_users_is_among_those_erased_from():
    assert {table.name for table in USER_TABLES} == {"events", "user_features", "segments", "sequences", "pushes"}
