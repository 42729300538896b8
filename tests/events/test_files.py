import os
import re
import time

import pytest
from shop import a_source, write_log

from recsys.events.files import Place, find_units, resolve
from recsys.events.reading import read_groups
from recsys.faults import BadData, BadSettings


def names(spark, path, **files):
    return [unit.name for unit in find_units(spark, a_source(path, **{f"files__{key}": value for key, value in files.items()}).files, "")]


def test_a_unit_is_named_from_the_first_wildcard_on():
    place = Place.of("s3a://bucket/logs/*/day.csv")
    assert place.unit("s3a://bucket/logs/2020-01-01/day.csv") == ("2020-01-01/day.csv", "s3a://bucket/logs/2020-01-01/day.csv")


def test_a_file_inside_a_matched_folder_belongs_to_the_folder():
    assert Place.of("/logs/*").unit("file:/logs/monday/part-0.csv") == ("monday", "file:/logs/monday")


def test_each_match_of_a_glob_is_a_unit_and_a_plain_path_is_one(spark, tmp_path):
    write_log(tmp_path / "in" / "b 1.csv", "x")
    write_log(tmp_path / "in" / "a+1.csv", "x")
    assert names(spark, tmp_path / "in" / "*.csv") == ["a+1.csv", "b 1.csv"]
    assert names(spark, tmp_path / "in") == ["in"]
    assert names(spark, tmp_path / "in" / "a+1.csv") == ["a+1.csv"]


def test_wildcards_in_the_names_of_matched_files_are_letters(spark, tmp_path):
    for name in ("log[1].csv", "log{a,b}.csv", "log1.csv"):
        write_log(tmp_path / "in" / name, f"{name.replace(',', ';')},i,buy,2020-01-06 09:00:00,1,1.0")
    files = a_source(tmp_path / "in" / "*.csv").files
    (rows,) = read_groups(spark, files, find_units(spark, files, ""))
    found = sorted(tuple(row) for row in rows.select("user", "source_file").collect())
    assert found == [("log1.csv", "log1.csv"), ("log[1].csv", "log[1].csv"), ("log{a;b}.csv", "log{a,b}.csv")]
    assert names(spark, tmp_path / "in" / "log\\[1].csv") == ["log[1].csv"]
    with pytest.raises(BadSettings, match="is no pattern"):
        names(spark, tmp_path / "in" / "log[1.csv")


def test_a_fingerprint_changes_with_the_content_and_with_the_mapping(spark, tmp_path):
    path = write_log(tmp_path / "a.csv", "x")
    files = a_source(path).files
    first, same, other_mapping = (find_units(spark, files, stamp)[0].fingerprint for stamp in ("m", "m", "n"))
    write_log(path, "y")
    os.utime(path, (2e9, 2e9))
    assert first == same
    assert len({first, other_mapping, find_units(spark, files, "m")[0].fingerprint}) == 3


def test_a_fingerprint_is_the_same_in_every_time_zone_of_the_driver(spark, tmp_path, monkeypatch):
    files = a_source(write_log(tmp_path / "a.csv", "x")).files
    found = set()
    try:
        for zone in ("UTC", "Asia/Shanghai"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            found.add(find_units(spark, files, "")[0].fingerprint)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert len(found) == 1


@pytest.mark.parametrize(("inside", "odd", "written"), [
    (("a.csv", "archive/b.csv"), "archive/b.csv", "in/*"), (("2026/11/part-0.csv", "2026/12/part-0.csv"), "2026/11/part-0.csv", "in/*/*"),
    (("ds=1/a.csv", "z.csv"), "z.csv", "in/*"), (("ds=1/a.csv", "zone=1/a.csv"), "zone=1/a.csv", "in/*"), (("ds=1/old/a.csv",), "ds=1/old/a.csv", "in/*/*"),
])
def test_a_file_that_is_too_deep_in_a_folder_to_be_read_is_refused_and_not_passed_by(spark, tmp_path, inside, odd, written):
    for name in inside:
        write_log(tmp_path / "in" / name, "x")
    with pytest.raises(BadData, match=rf"in/{odd} would be passed by: of the folder .*as in {tmp_path}/{re.escape(written)}:"):
        names(spark, tmp_path / "in")


def test_folders_of_folders_key_value_are_refused_where_there_are_several(spark, tmp_path):
    for shop in "ab":
        write_log(tmp_path / "in" / shop / "ds=1" / "x.csv", "x")
    with pytest.raises(BadData, match=rf"in/a/ds=1/x.csv would be passed by.*as in {tmp_path}/in/\*/\*:"):
        names(spark, tmp_path / "in" / "*")
    assert names(spark, tmp_path / "in" / "*" / "*") == ["a/ds=1", "b/ds=1"]


def test_files_below_folders_of_the_same_keys_are_read_with_the_folder_and_each_match_of_a_deeper_path_is_a_unit(spark, tmp_path):
    for day in "12":
        write_log(tmp_path / "in" / f"ds={day}" / "hour=0" / "a.csv", f"u{day},i,buy,2020-01-06 09:00:00,1,1.0")
    files = a_source(tmp_path / "in").files
    (rows,) = read_groups(spark, files, find_units(spark, files, ""))
    assert sorted(tuple(row) for row in rows.select("user", "ds", "hour", "source_file").collect()) == [("u1", "1", "0", "in"), ("u2", "2", "0", "in")]
    assert names(spark, tmp_path / "in" / "*" / "*") == ["ds=1/hour=0", "ds=2/hour=0"]


@pytest.mark.parametrize(("name", "told"), [("no.csv", "is not there"), ("no*.csv", "matches no file")])
def test_a_path_without_files_is_named(spark, tmp_path, name, told):
    with pytest.raises(BadData, match=told):
        names(spark, tmp_path / name)


def test_an_empty_file_and_a_misnamed_one_are_refused(spark, tmp_path):
    (tmp_path / "empty.csv").touch()
    with pytest.raises(BadData, match="empty.csv is empty"):
        names(spark, tmp_path / "empty.csv")
    with pytest.raises(BadData, match="compression = gzip"):
        names(spark, write_log(tmp_path / "a.csv", "x"), compression="gzip")


def test_packages_home_and_variables_are_filled_in(monkeypatch):
    monkeypatch.setenv("LOGS", "/logs")
    monkeypatch.setenv("HOME", "/home/me")
    assert resolve("$LOGS/a.csv") == "/logs/a.csv"
    assert resolve("~/a.csv") == "/home/me/a.csv"
    assert resolve("s3a://bucket/a.csv") == "s3a://bucket/a.csv"
    assert resolve("a.csv") == os.path.abspath("a.csv")
    assert resolve("package:recsys/events/files.py") == "file://" + os.path.abspath("recsys/events/files.py")


@pytest.mark.parametrize(("path", "told"), [
    ("package:no_such_shop/a", "pip install no_such_shop"), ("package:no_such_shop.sub/a", "pip install no_such_shop.sub"),
    ("package:/a", "package:name/file"), ("package:.a/b", "package:name/file"), ("${NOT_SET_HERE}/a", "NOT_SET_HERE"),
])
def test_what_cannot_be_filled_in_is_named(path, told):
    with pytest.raises(BadSettings, match=told):
        resolve(path)
