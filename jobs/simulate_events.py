"""Make up a shop, always called simulated: its log, its product list, and the truth behind them.

Reads   nothing but the section simulation of the settings
Writes  log, products  as a shop delivers them, below simulation.path; ingest_events takes them from there
        truth          users with segments, products, repurchase cycles, correlated attributes, every planted defect

It is a source and no stage: run it once, then run_pipeline with the same settings file. --ds is the last day of the log;
a second run replaces it. simulation.events=10000000 makes a log for load tests.

    spark-submit --py-files dist/recsys.zip jobs/simulate_events.py --config conf/simulated.yaml --ds 2017-12-30
"""

from recsys.job import Night, run_job
from recsys.simulation.delivery import deliver
from recsys.simulation.plan import plan_of
from recsys.simulation.shop import simulate


def run(night: Night) -> None:
    settings = night.settings.simulation
    deliver(simulate(night.lake.spark, plan_of(settings, night.ds)), settings.path)


if __name__ == "__main__":
    run_job(__doc__, run)
