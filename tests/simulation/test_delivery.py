"""A shop is whole, or its log is refused."""

import pytest
from pyspark.sql import functions as F

from recsys.events.files import find_units
from recsys.events.intake import take_in
from recsys.events.source import load_source
from recsys.faults import BadData
from recsys.settings import Settings
from recsys.simulation.delivery import deliver
from recsys.simulation.shop import LOG, TRUE_ATTRIBUTES, simulate
from tests.simulation.small import CONFIG, small_plan


def test_a_run_that_dies_while_the_log_is_written_leaves_no_log_to_take_in(spark, lake, tmp_path):
    files = simulate(spark, small_plan())
    whole = {name: files[name] for name in (TRUE_ATTRIBUTES, LOG)}
    source = load_source(Settings(source="sources/simulated.yaml", folder=str(CONFIG.parent), source_path=f"{tmp_path}/{LOG}"))
    deliver(whole, str(tmp_path))
    assert len(find_units(spark, source.files, "")) == 1
    dying = F.when(F.col("user") == "u3", F.raise_error(F.lit("killed"))).otherwise(F.col("user"))
    with pytest.raises(Exception, match="killed"):
        deliver({LOG: files[LOG].withColumn("user", dying)}, str(tmp_path))
    with pytest.raises(BadData, match="no rows, only a header|is not there, or is an empty folder"):
        take_in(lake, source)
