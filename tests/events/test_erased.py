from datetime import date

from pyspark.testing import assertDataFrameEqual
from shop import a_source

from recsys.columns import RAW, REASONS, USER, USER_HASH
from recsys.erasure import erase
from recsys.events.erased import of_erased
from recsys.events.intake import take_in
from recsys.tables import QUARANTINE


def test_a_rejected_row_goes_by_the_user_that_was_read_when_it_came_in_whatever_its_columns_are(lake, tmp_path):
    rows = lake.spark.sql(
        "SELECT named_struct('id', id) AS Who, true AS member, 'milk' AS item, 'buy' AS what, timestamp'2020-01-06 09:00:00' AS at, 0.0 AS paid, 1 AS units "
        "FROM VALUES ('u7'), ('u70') AS users(id)"
    )
    rows.write.parquet(str(tmp_path / "log"))
    source = a_source(tmp_path / "log", files__format="parquet", events__user_id="if(member, who.id, NULL)", time={"format": "timestamp"}, accepted_reject_rate=1)
    take_in(lake, source)
    proof = erase(lake, lake.spark.createDataFrame([("u7",)], [USER]), date(2020, 1, 6))
    assert ("events_quarantine", 1) in [row[:2] for row in proof]
    assert [("u70" in row[0], len(row[1])) for row in lake.read(QUARANTINE).select(RAW, USER_HASH).collect()] == [(True, 64)]


def test_of_a_malformed_row_every_value_and_every_word_of_it_is_looked_at(spark):
    raws = ['{"a":"0\\t7"}', '{"a":"x","b":"say \\"7\\""}', '{"a":"anna maria"}', '{"a":"70"}', '{"b":"t7"}']
    held = spark.createDataFrame([("shop", "f", raw, ["malformed_row"], None) for raw in raws], ", ".join(f"{name} {kind}" for name, kind in QUARANTINE.columns.items()))
    erased = spark.sql(f"SELECT sha2(id, 256) AS {USER_HASH} FROM VALUES ('7'), ('anna maria') AS users(id)")
    assertDataFrameEqual(of_erased(held, erased).select(RAW, REASONS), held.limit(3).select(RAW, REASONS))
