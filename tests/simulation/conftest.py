"""One small simulated shop, taken in and put into segments by the real jobs; the tests of its truth share it."""

from dataclasses import dataclass

import build_user_features
import correlate_attributes
import fit_normalizer
import ingest_events
import ingest_products
import pytest
import segment_users
import simulate_events
from pyspark.sql import DataFrame

from recsys.job import Night
from recsys.lake import Lake
from recsys.settings import load_settings
from recsys.simulation.plan import Plan, plan_of
from tests.conftest import ADAPTIVE, COMPILED, having
from tests.jobs.declared import declared
from tests.simulation.small import CONFIG, DS

EVENTS = 8_000
STAGES = (
    simulate_events, ingest_events, ingest_products, build_user_features, correlate_attributes, fit_normalizer, segment_users,
)


@dataclass(frozen=True)
class Shop:
    lake: Lake
    folder: str
    plan: Plan
    events: int  # asked for

    def true(self, name: str) -> DataFrame:
        return self.lake.spark.read.parquet(f"{self.folder}/truth/{name}")


@pytest.fixture(scope="session")
def shop(spark, tmp_path_factory) -> Shop:
    folder = tmp_path_factory.mktemp("simulated")
    settings = load_settings(CONFIG, [
        f"lake={folder}/lake", f"simulation.path={folder}/shop", f"source_path={folder}/shop/log",
        f"products_path={folder}/shop/products", f"simulation.events={EVENTS}", "simulation.products=400",
        "simulation.categories=10", "simulation.dirt=0.03", "segments.k_max=7",
    ])
    night = Night(Lake(spark, settings.lake), settings, DS, DS)
    with having(spark, COMPILED | ADAPTIVE):
        for stage in STAGES:
            stage.STAGE.run(declared(stage.STAGE, night))
    return Shop(night.lake, f"{folder}/shop", plan_of(settings.simulation, DS), EVENTS)
