"""Both ingest jobs as a scheduler runs them."""

from datetime import date

import ingest_events
import ingest_products
import pytest
from pyspark.testing import assertDataFrameEqual

from recsys import columns as c
from recsys.job import run_job
from recsys.lake import Lake
from recsys.tables import EVENTS, PRODUCTS, RUNS

SOURCE = """
name: shop
files: {path: to be overridden}
events: {user_id: user, item_id: item, behaviour: what, event_time: at, price: paid}
time: {format: yyyy-MM-dd}
behaviours: {buy: purchase}
products: {columns: {name: title}}
"""
LOG = "user,item,title,what,at,paid\nu,a,Apple,buy,2020-01-01,1.0\nu,a,Apple,buy,2020-01-02,2.0\nu,b,Beer,buy,2020-01-03,3.0\n"


@pytest.fixture
def shop(spark, tmp_path):
    """The arguments of a job for a shop in `tmp_path`."""
    (tmp_path / "source.yaml").write_text(SOURCE)
    (tmp_path / "shop.yaml").write_text("source: source.yaml\n")
    (tmp_path / "log.csv").write_text(LOG)
    return ["--config", str(tmp_path / "shop.yaml"), "--ds", "2020-01-02", f"lake={tmp_path}/lake", f"source_path={tmp_path}/log.csv"]


def test_products_are_those_of_the_day_whenever_the_job_runs(spark, tmp_path, shop):
    run_job("Ingest.", ingest_events.STAGE, shop)
    lake = Lake(spark, f"{tmp_path}/lake")
    earlier = [argument.replace("2020-01-02", "2020-01-01") for argument in shop]
    for arguments in (shop, earlier, shop):
        run_job("Products.", ingest_products.STAGE, arguments)
    expected = [("a", "Apple", 1.0, None, None, True, date(2020, 1, 1)), ("a", "Apple", 2.0, None, None, True, date(2020, 1, 2))]
    found = lake.read(PRODUCTS)
    assertDataFrameEqual(found, spark.createDataFrame(expected, found.schema))


def test_a_fault_of_the_data_ends_the_job_with_its_own_exit_code_and_no_table(spark, tmp_path, shop, capsys):
    (tmp_path / "log.csv").write_text(LOG.replace("buy", "bye"))
    with pytest.raises(SystemExit) as end:
        run_job("Ingest.", ingest_events.STAGE, shop)
    assert end.value.code == 3
    assert "'bye' (3 rows)" in capsys.readouterr().err
    assert not Lake(spark, f"{tmp_path}/lake").exists(EVENTS)


def test_products_before_events_name_the_job_that_is_missing(spark, shop, capsys):
    with pytest.raises(SystemExit) as end:
        run_job("Products.", ingest_products.STAGE, shop)
    assert end.value.code == 3
    assert "Run jobs/ingest_events.py first" in capsys.readouterr().err


def test_a_second_run_is_skipped_until_the_log_changes_and_a_dry_run_writes_nothing(spark, tmp_path, shop, capsys):
    lake = Lake(spark, f"{tmp_path}/lake")
    run_job("Ingest.", ingest_events.STAGE, [*shop, "--dry-run"])
    assert "amends events not there" in " ".join(capsys.readouterr().out.split()) and not (tmp_path / "lake").exists()
    (tmp_path / "source.yaml").write_text(SOURCE + "accepted_reject_rate: 0.5\n")
    run_job("Ingest.", ingest_events.STAGE, shop)
    run_job("Ingest.", ingest_events.STAGE, shop)
    (tmp_path / "log.csv").write_text(LOG + "u,c,Corn,buy,2020-01-03,-1\nu,c,Corn,buy,2020-01-03,3.0\n")
    run_job("Ingest.", ingest_events.STAGE, shop)
    run_job("Ingest.", ingest_events.STAGE, [*shop, "--force"])
    attempts = lake.read(RUNS).orderBy(c.STARTED).select(c.OUTCOME, c.ROWS_IN, c.ROWS_OUT, c.REJECTED).collect()
    assert [tuple(attempt) for attempt in attempts] == [("done", 3, 3, 0), ("skipped", None, None, None), ("done", 5, 4, 1), ("done", 5, 4, 1)]
