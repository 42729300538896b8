import gzip

import pytest
from pyspark.testing import assertDataFrameEqual
from shop import HEADER, a_source, write_log

from recsys.events.intake import take_in
from recsys.faults import BadData, BadSettings, Fault
from recsys.lake import Lake
from recsys.tables import EVENTS, INGESTS, QUARANTINE

LINES = [f"u{number},i,buy,2020-01-06 09:00:00,1,1.0" for number in range(2_000)]


@pytest.fixture(scope="module")
def stocked(spark, tmp_path_factory):
    """A lake that one good file was taken into."""
    folder = tmp_path_factory.mktemp("stocked")
    lake = Lake(spark, str(folder / "lake"))
    take_in(lake, a_source(write_log(folder / "good.csv", *LINES[:3])))
    return lake


def cut_short(path):
    write_log(path, *LINES)
    path.write_bytes(path.read_bytes()[:-2_000])


def not_gzip(path):
    path.write_text("\n".join([HEADER, *LINES[:3]]))


def wrong_bytes(path):
    write_log(path, "u,crème brûlée,buy,2020-01-06 09:00:00,1,1.0", LINES[0], encoding="latin-1")


def utf_16(path):
    write_log(path, *LINES[:3], encoding="utf-16")


def semicolons(path):
    write_log(path, *(line.replace(",", ";") for line in LINES[:3]), header=HEADER.replace(",", ";"))


def without_price(path):
    write_log(path, *(line.rpartition(",")[0] for line in LINES[:3]), header=HEADER.rpartition(",")[0])


def only_header(path):
    write_log(path)


def empty(path):
    path.touch()


def empty_below_its_packing(path):
    path.write_bytes(gzip.compress(b""))


def absent(path):
    """Nothing is written."""


def unknown_code(path):
    write_log(path, *LINES[:3], "u,i,wave,2020-01-06 09:00:00,1,1.0")


def too_many_columns(path):
    write_log(path, *LINES[:3], "," * 30_000)


def bad_rows(path):
    write_log(path, LINES[0], "u,i,buy,2020-01-06 09:00:00,0,1.0", ",i,buy,2020-01-06 09:00:00,1,1.0")


def two_orders(path):
    write_log(path / "1.csv", *LINES[:3])
    write_log(path / "2.csv", "i,u,buy,2020-01-06 09:00:00,1,1.0", header="item,user,what,at,units,paid")


FAULTS = [
    ("log", two_orders, {}, BadData, ["log/2.csv has the columns ['item', 'user',", "log/1.csv beside it ['user', 'item',", "folder/*.csv"]),
    ("log.csv.gz", cut_short, {}, BadData, ["is cut short", "log.csv.gz"]),
    ("log.csv.gz", not_gzip, {}, BadData, ["is named .gz but is not gzip"]),
    ("log.csv", wrong_bytes, {"accepted_reject_rate": 0.1}, BadData, ["undecodable_text 1", "50.00% bad rows", "accepts 10.00%"]),
    ("log.csv", utf_16, {"files__columns": HEADER.split(",")}, BadData, ["columns expected ['user'", "files.encoding"]),
    ("log.csv", semicolons, {}, BadData, ["columns expected", "found ['user;item;what;at;units;paid']", "is the delimiter ',' right?"]),
    ("log.csv", semicolons, {"files__header": False, "files__columns": HEADER.split(",")}, BadData, ["is the delimiter ',' right?"]),
    ("log.csv", without_price, {}, BadSettings, ["events.price = 'paid' does not fit the columns found"]),
    ("log.csv", without_price, {"files__columns": HEADER.split(",")}, BadData, ["columns expected", "missing ['paid']"]),
    ("log.csv", only_header, {}, BadData, ["log.csv: no rows"]),
    ("log.csv", empty, {}, BadData, ["log.csv is empty (0 bytes)"]),
    ("log.csv.gz", empty_below_its_packing, {}, BadData, ["log.csv.gz holds nothing, not even a header"]),
    ("log.csv", absent, {}, BadData, ["log.csv", "is not there"]),
    ("log*.csv", absent, {}, BadData, ["matches no file"]),
    ("log.csv", unknown_code, {}, BadData, ["'wave' (1 rows)", "['back', 'buy', 'view']", "unknown_behaviour: quarantine"]),
    ("log.csv", bad_rows, {}, BadData, ["quantity_not_positive 1", "missing_user 1", "66.67% bad rows", '"units":"0"']),
    ("log.csv", too_many_columns, {}, BadData, ["has a line of more than 20,480 columns"]),
    ("log.csv", bad_rows, {"events__user_id": "java_method('java.lang.System', 'exit', 1)"}, BadSettings, ["events.user_id", "calls java_method"]),
    ("log.csv", bad_rows, {"events__user_id": "split(user, ',')"}, BadSettings, ["is of type array<string>"]),
    ("log.csv", bad_rows, {"events__user_id": "x -> x"}, BadSettings, ["is not understood by Spark"]),
    ("log.csv", bad_rows, {"events__price": "split(paid, ',')[3]"}, BadData, ["a shorter list than an expression"]),
    ("log.csv", bad_rows, {"events__price": "paid / (units - 1)"}, BadData, ["log.csv"]),
]


@pytest.mark.parametrize(("name", "write", "changes", "kind", "told"), FAULTS, ids=lambda value: getattr(value, "__name__", None))
def test_broken_input_is_told_in_one_paragraph_and_leaves_the_tables_untouched(stocked, tmp_path, name, write, changes, kind, told):
    before = [stocked.version(table) for table in (EVENTS, QUARANTINE, INGESTS)]
    write(tmp_path / name)
    with pytest.raises(Fault) as fault:
        take_in(stocked, a_source(tmp_path / name, **changes))
    assert fault.type is kind
    assert [part for part in told if part not in str(fault.value)] == [], str(fault.value)
    assert "\n" not in str(fault.value)
    assert "nothing was written" in str(fault.value).lower()
    assert [stocked.version(table) for table in (EVENTS, QUARANTINE, INGESTS)] == before


def test_a_value_that_an_expression_cannot_read_is_told_and_not_kept(lake, tmp_path):
    write_log(tmp_path / "log.csv", LINES[0].replace("u0", "anna@x.org"))
    with pytest.raises(BadData, match="needs a number.*anna@x.org") as fault:
        take_in(lake, a_source(tmp_path / "log.csv", events__user_id="CAST(user AS bigint)"))
    assert "needs a number" in fault.value.kept and "anna" not in fault.value.kept


def test_ignored_rows_that_lack_what_an_event_has_refuse_no_file(lake, tmp_path):
    write_log(tmp_path / "log.csv", LINES[0], *(f"u{number},,search,2020-01-06 09:00:00,," for number in range(9)))
    take_in(lake, a_source(tmp_path / "log.csv", ignored_behaviours=["search"], accepted_reject_rate=0.0))
    assert (lake.read(EVENTS).count(), lake.read(QUARANTINE).count()) == (1, 9)


def test_unknown_and_ignored_codes_go_to_the_quarantine_where_the_mapping_says_so(lake, tmp_path):
    write_log(tmp_path / "log.csv", LINES[0], "u,i,wave,2020-01-06 09:00:00,1,1.0", "u,i,sneeze,2020-01-06 09:00:00,1,1.0")
    take_in(lake, a_source(tmp_path / "log.csv", unknown_behaviour="quarantine", ignored_behaviours=["sneeze"], accepted_reject_rate=0.34))
    reasons = lake.read(QUARANTINE).select("reasons")
    assertDataFrameEqual(reasons, lake.spark.createDataFrame([(["unknown_behaviour"],), (["ignored_behaviour"],)], reasons.schema))
