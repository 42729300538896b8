"""Thousands of broken rows in one file: each is accepted, rejected with its reasons, or dropped as a copy, and none is lost."""

import math
import random
import re

import pytest
from pyspark.sql import functions as F
from shop import HEADER, a_source

from recsys.columns import ACCEPTED, COPIES, DAY, ITEM, PRICE, QUANTITY, RAW, REASONS, REJECTED, ROWS_IN, TIME, USER
from recsys.events.intake import take_in
from recsys.lake import Lake
from recsys.tables import EVENTS, INGESTS, QUARANTINE

LINES = 4_000
BLANK = bytes(range(33))  # a line of these alone is no row
TEXTS = [
    b"u", b"", b" ", b"\t", b"\x00", b"a\x00", b"\xff\xfe", b"\xc3", b"caf\xe9", "日本".encode(), "🛒".encode(), "\u202eabc".encode(), "\ufeffu".encode(),
    "\u2028".encode(), b"NULL", b"null", b"nan", b"'; DROP TABLE events; --", b"<script>alert(1)</script>", b"${HOME}", b"`", b"\\", b"\\N", b"x" * 70_000,
    b'"', b'""', b'"a', b'a"', b'"a""b"', b'"a,b"', b'"a\\"', b'"a\nb"', b"#", b"\x1b[31m", b"-", b"0", "\u0001".encode(), b"\x7f",
]
TIMES = [
    b"0001-01-01 00:00:00", b"0000-01-01 00:00:00", b"9999-12-31 23:59:59", b"10000-01-01 00:00:00",
    b"-2020-01-06 09:00:00", b"2016-12-31 23:59:60", b"2020-02-30 00:00:00", b"2020-03-29 01:30:00", b"2020-10-25 01:30:00", b"2020-01-06 24:00:00",
    b"2020-01-06", b"06.01.2020", b"1e400", b"now", "２０２０-01-06 09:00:00".encode(), b"2020-01-06 09:00:00Z", b" 2020-01-06 09:00:00 ", b"99999999999999999999",
]
NUMBERS = [
    b"1", b"2.5", b"0", b"-1", b"-0.0", b"1e400", b"-1e400", b"1e308", b"1e-400", b"NaN", b"Infinity", b"-inf", b"0x10", b"1,5", b"1.5.5", b"1_000", b" 7 ", b"1d", b"1f",
    "١".encode(), b"", b"null", b"9" * 400, b"true", b"1e", b"--1", b"+3", "½".encode(),
]


def broken_lines(rng):
    """Lines of random fields, some with too few or too many columns, some with bytes changed, and a few giants."""
    codes = [b"view", b"back", b"bye", b"BUY", b" buy ", b"", b"\x00"]
    for number in range(LINES):
        good = [b"u%d" % number, b"i", b"buy", b"2020-01-06 09:00:00", b"1", b"2.5"]
        fields = [value if rng.random() < 0.8 else rng.choice(odd) for value, odd in zip(good, (TEXTS, TEXTS, codes, TIMES, NUMBERS, NUMBERS))]
        if rng.random() < 0.1:
            fields = (fields * 2)[:rng.choice([1, 2, 5, 7, 11])]
        line = bytearray(b",".join(fields))
        if line and rng.random() < 0.1:
            line[rng.randrange(len(line))] = rng.randrange(256)
        yield bytes(line)
    yield from (b"x" * 1_000_000 + b",i,buy,2020-01-06 09:00:00,1,1", b"," * 20_000, b'"' * 10_001, b"u,i,buy,2020-01-06 09:00:00,1,1")


@pytest.fixture(scope="module")
def taken_in(spark, tmp_path_factory):
    """A lake that a file of broken lines was taken into, and how many lines with anything in them the file has."""
    folder = tmp_path_factory.mktemp("broken")
    content = b"\n".join([HEADER.encode(), *broken_lines(random.Random(17))])
    (folder / "log.csv").write_bytes(content)
    lake = Lake(spark, str(folder / "lake"))
    source = a_source(folder / "log.csv", accepted_reject_rate=1.0, unknown_behaviour="quarantine", time__zone="Europe/London")
    take_in(lake, source)
    return lake, sum(bool(line.strip(BLANK)) for line in re.split(b"\r\n|\r|\n", content)[1:])


def test_of_thousands_of_broken_rows_none_is_lost(taken_in):
    lake, lines = taken_in
    account = lake.read(INGESTS).first()
    assert account[ROWS_IN] == lines
    assert account[ROWS_IN] == account[ACCEPTED] + account[REJECTED] + account[COPIES]
    assert (lake.read(EVENTS).count(), lake.read(QUARANTINE).count()) == (account[ACCEPTED], account[REJECTED])
    assert min(account[ACCEPTED], account[REJECTED]) > LINES / 40


def test_what_is_accepted_is_whole_and_what_is_rejected_has_its_row_and_a_reason(taken_in):
    lake, _ = taken_in
    rows = lake.read(EVENTS).select(USER, ITEM, F.col(TIME).cast("string").alias(TIME), F.year(DAY).alias(DAY), QUANTITY, PRICE).collect()
    for row in rows:
        assert row[USER].strip() and row[ITEM].strip() and row[TIME], row
        assert not re.search("[\x00-\x1f\x7f\ufffd]", row[USER] + row[ITEM]), row
        assert 1 <= row[DAY] <= 9999, row
        assert row[QUANTITY] > 0 and math.isfinite(row[QUANTITY]) and (row[PRICE] is None or 0 < row[PRICE] < math.inf), row
    bad = lake.read(QUARANTINE).agg(F.count_if((F.size(REASONS) == 0) | (F.length(RAW) < 2)), F.array_distinct(F.flatten(F.collect_set(REASONS)))).first()
    assert bad[0] == 0
    assert {"malformed_row", "undecodable_text", "control_character", "unparsable_time", "unparsable_number", "price_not_positive"} <= set(bad[1])
