"""Make up a shop, always called simulated: its log, its product list, and the truth behind them.

Reads   nothing but the section simulation of the settings
Writes  the simulated shop, a folder at simulation.path, of which the jobs that take in read `log` and `products`; beside
        them `truth` holds the kinds of users, repurchase cycles, correlated attributes and every planted defect

It is a source and no stage: run it once, then run_pipeline with the same settings file. --ds is the last day of the log;
a second run replaces it. simulation.events=10000000 makes a log for load tests.

    spark-submit --py-files dist/recsys.zip jobs/simulate_events.py --config conf/simulated.yaml --ds 2017-12-30
"""

from recsys.job import Night, run_job
from recsys.runs.stage import Stage
from recsys.runs.things import SIMULATED_SHOP
from recsys.simulation.delivery import deliver
from recsys.simulation.plan import plan_of
from recsys.simulation.shop import simulate


def run(night: Night) -> None:
    settings = night.settings.simulation
    deliver(simulate(night.lake.spark, plan_of(settings, night.ds)), settings.path)


STAGE = Stage("simulate_events", run, reads=(), writes=(SIMULATED_SHOP,), settings=("simulation",))

if __name__ == "__main__":
    run_job(__doc__, STAGE)
