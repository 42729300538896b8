from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import pytest
from pyspark.sql import functions as F
from pyspark.sql.utils import AnalysisException
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.faults import BadData, BadSettings, Infrastructure, MissingTable
from recsys.lake import Lake
from recsys.sequences.feed import petastorm_url
from recsys.tables import NORMALIZER, SEGMENTS, USER_FEATURES, in_contract
from tests.cluster.answer import last_version, live_files

MONDAY, TUESDAY = date(2020, 1, 6), date(2020, 1, 7)
SEGMENT_ROWS = "user_id string, segment int, distance double, split string, ds date"


def segments(spark, *rows):
    return spark.createDataFrame(list(rows), SEGMENT_ROWS)


@pytest.fixture(params=["folder", "schema"])
def any_lake(request, spark, tmp_path):
    """A lake below a folder, and one below catalog.schema."""
    if request.param == "folder":
        yield Lake(spark, str(tmp_path / "lake"))
    else:
        spark.sql(f"CREATE SCHEMA shop LOCATION '{tmp_path / 'schema'}'")
        yield Lake(spark, "spark_catalog.shop")
        spark.sql("DROP SCHEMA shop CASCADE")


def test_a_day_written_twice_equals_a_day_written_once_and_other_days_stay(spark, any_lake):
    monday = segments(spark, ("u1", 0, 0.5, "train", MONDAY))
    first = segments(spark, ("u1", 1, 0.1, "train", TUESDAY), ("u2", 1, 0.2, "test", TUESDAY))
    again = segments(spark, ("u3", 2, 0.3, "train", TUESDAY))
    any_lake.replace_day(monday, SEGMENTS, MONDAY)
    any_lake.replace_day(first, SEGMENTS, TUESDAY)
    any_lake.replace_day(again, SEGMENTS, TUESDAY)
    assert any_lake.replace_day(again, SEGMENTS, TUESDAY) == 1
    assertDataFrameEqual(any_lake.read(SEGMENTS), monday.union(again))
    assertDataFrameEqual(any_lake.read_day(SEGMENTS, TUESDAY), again)
    assertDataFrameEqual(any_lake.read_split(SEGMENTS, TUESDAY, "train"), again)
    assert any_lake.read_split(SEGMENTS, TUESDAY, "test").isEmpty()
    assert any_lake.version(SEGMENTS) == 3
    assertDataFrameEqual(any_lake.read(SEGMENTS, version=1), monday.union(first))


def test_only_files_that_are_live_at_the_version_are_listed_with_their_rows(spark, lake):
    lake.replace_day(segments(spark, ("u1", 0, 0.5, "train", MONDAY), ("u2", 0, 0.5, "test", MONDAY)), SEGMENTS, MONDAY)
    replacement = segments(spark, ("u1", 1, 0.5, "train", MONDAY), ("u9", 1, 0.5, "train", MONDAY))
    lake.replace_day(replacement.coalesce(1), SEGMENTS, MONDAY)
    (live,) = lake.files(SEGMENTS, MONDAY, "train", version=1)
    (former,) = lake.files(SEGMENTS, MONDAY, "train", 0)
    assert (live.rows, former.rows) == (2, 1) and live.url != former.url
    assertDataFrameEqual(spark.read.parquet(live.url).select(c.USER), replacement.select(c.USER))


def test_a_lake_may_be_a_folder_written_as_a_url_and_training_opens_its_files_by_path(spark, tmp_path):
    lake = Lake(spark, f"file://{tmp_path}/lake")
    rows = segments(spark, ("u1", 0, 0.5, "train", MONDAY))
    for _ in range(2):
        lake.replace_day(rows, SEGMENTS, MONDAY)
    assertDataFrameEqual(lake.read_day(SEGMENTS, MONDAY), rows)
    (file,) = lake.files(SEGMENTS, MONDAY, "train", version=1)
    path = petastorm_url(file.url).removeprefix("file://")
    assert path.startswith(f"{tmp_path}/lake/segments/") and Path(path).is_file()


def test_what_no_version_needs_is_deleted_once_delta_need_not_keep_it(spark, lake):
    table = Path(lake.location(SEGMENTS))
    for segment in (0, 1):
        rows = segments(spark, ("u1", segment, 0.5, "train", MONDAY)).coalesce(1)
        lake.replace_day(rows, SEGMENTS, MONDAY)
    assert len(list(table.rglob("part-*.parquet"))) == 2
    spark.sql(f"ALTER TABLE delta.`{table}` SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 0 hours')")
    lake.vacuum(SEGMENTS)
    assert [str(file.relative_to(table)) for file in table.rglob("part-*.parquet")] == [unquote(file) for file in live_files(table)]
    assertDataFrameEqual(lake.read(SEGMENTS), rows)


def test_a_table_of_another_version_is_told_by_what_differs_and_stays(spark, any_lake):
    older = replace(SEGMENTS, columns={name: kind for name, kind in SEGMENTS.columns.items() if name != c.DISTANCE})
    rows = segments(spark, ("u1", 0, 0.5, "train", MONDAY))
    any_lake.replace_day(rows.drop(c.DISTANCE), older, MONDAY)
    with pytest.raises(BadData, match=r"lacks \['distance'\] and has \[\] besides.*jobs/segment_users.py"):
        any_lake.replace_day(rows, SEGMENTS, MONDAY)
    assertDataFrameEqual(any_lake.read(SEGMENTS), rows.drop(c.DISTANCE))


def test_rows_of_another_day_are_refused_and_the_table_stays(spark, lake):
    monday = segments(spark, ("u1", 0, 0.5, "train", MONDAY))
    lake.replace_day(monday, SEGMENTS, MONDAY)
    with pytest.raises(AnalysisException):
        lake.replace_day(segments(spark, ("u1", 1, 0.1, "train", MONDAY)), SEGMENTS, TUESDAY)
    assertDataFrameEqual(lake.read(SEGMENTS), monday)


def test_a_table_is_taken_over_as_it_is_now_and_not_again_while_it_stays_so(spark, tmp_path):
    owner, other, lake = (Lake(spark, str(tmp_path / name)) for name in ("owner", "other", "lake"))
    rows = ("u1", 0, 0.5, "train", MONDAY), ("u2", 1, 0.1, "train", MONDAY), ("u3", 2, 0.3, "train", MONDAY)
    for of, row, version in ((owner, rows[0], 0), (owner, rows[1], 2), (other, rows[2], 4)):  # what is there is emptied first
        of.replace_day(segments(spark, row), SEGMENTS, MONDAY)
        for _ in range(2):
            lake.borrow(SEGMENTS, of)
            assert [tuple(taken) for taken in lake.read(SEGMENTS).collect()] == [row]
            assert last_version(Path(lake.location(SEGMENTS))) == version


@pytest.mark.parametrize(("change", "told"), [
    (lambda rows: rows.drop(c.DISTANCE), "missing ['distance'], unknown [], wrong type []"),
    (lambda rows: rows.withColumn("colour", F.lit("red")), "missing [], unknown ['colour'], wrong type []"),
    (lambda rows: rows.withColumn(c.SEGMENT, F.lit(1.0)), "wrong type ['segment is double, not int']"),
])
def test_rows_that_break_the_contract_are_refused_before_anything_is_written(spark, lake, change, told):
    rows = segments(spark, ("u1", 0, 0.5, "train", MONDAY))
    with pytest.raises(BadData) as fault:
        lake.replace_day(change(rows), SEGMENTS, MONDAY)
    assert "Rows for table segments break its contract" in str(fault.value) and told in str(fault.value)
    assert not lake.exists(SEGMENTS)


def test_columns_are_written_in_contract_order(spark):
    shuffled = segments(spark, ("u1", 0, 0.5, "train", MONDAY)).select(c.DAY, c.SPLIT, c.USER, c.DISTANCE, c.SEGMENT)
    assert in_contract(shuffled, SEGMENTS).columns == list(SEGMENTS.columns)


def test_user_features_may_gain_an_attribute_on_a_later_day(spark, lake):
    monday = spark.createDataFrame([("u1", "train", MONDAY, 1.0)], "user_id string, split string, ds date, visits double")
    tuesday = monday.select(c.USER, c.SPLIT, F.lit(TUESDAY).alias(c.DAY), "visits", F.lit(2.0).alias("money"))
    lake.replace_day(monday, USER_FEATURES, MONDAY)
    lake.replace_day(tuesday, USER_FEATURES, TUESDAY)
    expected = spark.createDataFrame(
        [("u1", "train", MONDAY, 1.0, None), ("u1", "train", TUESDAY, 1.0, 2.0)],
        "user_id string, split string, ds date, visits double, money double",
    )
    assertDataFrameEqual(lake.read(USER_FEATURES), expected)


@pytest.mark.parametrize("name", ["lake", "my-lake", "my lake", "spark_catalog.2nd-lake"])
def test_a_schema_that_is_not_there_is_told_and_how_a_folder_is_written(spark, name):
    with pytest.raises(BadSettings, match=f"There is no schema {name}.*write ./{name} for a folder"):
        Lake(spark, name).replace_day(segments(spark, ("u1", 0, 0.5, "train", MONDAY)), SEGMENTS, MONDAY)
    with pytest.raises(MissingTable, match=f"There is no table {name}.normalizer"):
        Lake(spark, name).read(NORMALIZER)


@pytest.mark.parametrize("name", ["main..shop", "shop.", "main."])
def test_a_lake_whose_name_lacks_a_part_is_refused(name):
    with pytest.raises(BadSettings, match=f"lake = {name} has a part without a name. Write a folder"):
        Lake(None, name)


def test_a_table_that_was_never_written_names_the_job_that_writes_it(any_lake):
    with pytest.raises(MissingTable, match="There is no table .*normalizer .*Run jobs/fit_normalizer.py first"):
        any_lake.read(NORMALIZER)


@pytest.mark.parametrize(("said", "told"), [
    ("org.apache.hadoop.hive.ql.metadata.HiveException: MetaException: lock timed out", "Whether there is a table main.shop.segments cannot be told.*lock timed out"),
    ("HiveException: java.net.ConnectException: Connection refused", "A machine cannot be reached"),
    ("[INSUFFICIENT_PERMISSIONS] may not read main.shop", "Whether there is a table main.shop.segments cannot be told"),
])
def test_a_table_of_which_nothing_can_be_told_is_not_taken_for_absent(said, told):
    class Unwell:
        def sql(self, query):
            raise AnalysisException(said)

    for look in (Lake.exists, Lake.state):
        with pytest.raises(Infrastructure, match=told):
            look(Lake(Unwell(), "main.shop"), SEGMENTS)


def test_a_view_is_not_taken_for_an_absent_table(spark, tmp_path):
    spark.sql(f"CREATE SCHEMA shop LOCATION '{tmp_path / 'schema'}'")
    try:
        spark.sql("CREATE VIEW shop.segments AS SELECT 1 AS segment")
        with pytest.raises(Infrastructure, match="table spark_catalog.shop.segments cannot be told: .* is a view"):
            Lake(spark, "spark_catalog.shop").exists(SEGMENTS)
    finally:
        spark.sql("DROP SCHEMA shop CASCADE")


def test_a_table_whose_first_commit_never_came_is_absent(spark, lake):
    Path(lake.location(SEGMENTS), "_delta_log").mkdir(parents=True)
    assert not lake.exists(SEGMENTS)


def test_a_folder_that_holds_something_else_is_no_table(spark, lake):
    spark.range(1).write.parquet(lake.location(NORMALIZER))
    with pytest.raises(MissingTable, match="There is no table .*normalizer"):
        lake.read(NORMALIZER)


def test_a_version_that_never_was_is_no_missing_table(spark, any_lake):
    any_lake.replace_day(segments(spark, ("u1", 0, 0.5, "train", MONDAY)), SEGMENTS, MONDAY)
    with pytest.raises(AnalysisException, match="version 7"):
        any_lake.read(SEGMENTS, version=7)


def test_a_day_that_was_never_written_names_the_job_and_the_day(spark, lake):
    lake.replace_day(segments(spark, ("u1", 0, 0.5, "train", MONDAY)), SEGMENTS, MONDAY)
    with pytest.raises(MissingTable, match="holds nothing for 2020-01-07. Run jobs/segment_users.py --ds 2020-01-07 first. If it was run, .* --ds lies within the log"):
        lake.read_day(SEGMENTS, TUESDAY)


def test_a_relative_root_is_below_the_folder_in_which_the_job_was_started(spark, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monday = segments(spark, ("u1", 0, 0.5, "train", MONDAY))
    assert Lake(spark, "var/lake").replace_day(monday, SEGMENTS, MONDAY) == 1
    assert (tmp_path / "var" / "lake" / "segments" / "_delta_log").is_dir()
    assertDataFrameEqual(Lake(spark, "./var/lake").read(SEGMENTS), monday)


@pytest.mark.parametrize(("root", "location"), [
    ("abfss://shop@account/lake/", "abfss://shop@account/lake/segments"),
    ("dbfs:/lake", "dbfs:/lake/segments"),
    ("/lake", "/lake/segments"),
    ("main.shop", "main.shop.segments"),
])
def test_a_root_of_an_object_store_or_a_catalog_stays_as_it_is(root, location):
    assert Lake(None, root).location(SEGMENTS) == location
