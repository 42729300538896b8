"""Carry out a set of experiments: every method, every measure, on every log, and one page that shows them.

Every stage and training that was done before with the same log, settings and code is left as it is; --force does all of it
anew. What fails costs no other its results, and ends the job with 4. The page shows all of the set that were carried out with
the present settings, each with the code that made its figures, and names the others.

Reads   the logs that the settings of each experiment name, or the simulator's
Writes  a lake and the models of each experiment below the folder of the set, the shops it simulates, and the page report.html in it

    spark-submit --py-files dist/recsys.zip jobs/run_experiments.py --plan conf/experiments/quick.yaml --data DATA
"""

import argparse
from pathlib import Path

import build_sequences
import build_user_features
import correlate_attributes
import evaluate_models
import fit_normalizer
import ingest_events
import ingest_products
import segment_users
import simulate_events
import train_model

from recsys.evaluation.compare import MethodsFailed
from recsys.experiments.plan import chosen, read_plan, settings_of
from recsys.experiments.run import Runner
from recsys.job import faults_as_exit_codes
from recsys.models.definition import read_definition
from recsys.report.experiments import page
from recsys.report.page import write_page
from recsys.session import build_session

JOBS = (
    simulate_events, ingest_events, ingest_products, build_user_features, correlate_attributes, fit_normalizer, segment_users,
    build_sequences, train_model, evaluate_models,
)


def run(arguments: argparse.Namespace) -> None:
    plan, beside = read_plan(arguments.plan), Path(arguments.plan).parent
    settings = {experiment: settings_of(experiment, plan, beside, arguments.data) for experiment in plan.experiments}
    for experiment, own in settings.items():
        for model in experiment.models:
            read_definition(own.beside(model))  # a wrong one is told now, and not after hours
    wanted, failures = chosen(plan, arguments.only, arguments.data), []
    spark = build_session("run_experiments", settings[wanted[0]].spark)
    runner = Runner(spark, plan.folder, {job.STAGE.name: job.STAGE for job in JOBS}, arguments.force)
    try:
        for number, experiment in enumerate(wanted, start=1):
            print(f"[{number}/{len(wanted)}] {experiment.name}: {experiment.title}", flush=True)
            failures += runner.run(experiment, settings[experiment])
    finally:
        write_page(page(runner.judged(settings), list(settings)), Path(plan.folder) / "report.html")
        print(f"report  {Path(plan.folder) / 'report.html'}", flush=True)
    if failures:
        raise MethodsFailed(" ".join(failures))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", required=True, metavar="FILE", help="the set, as in conf/experiments/*.yaml")
    parser.add_argument("--data", metavar="FOLDER", help="where the logs lie that come with no package")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="experiments of the set to carry out")
    parser.add_argument("--force", action="store_true", help="carry out anew what was carried out before")
    with faults_as_exit_codes("run_experiments"):
        run(parser.parse_args())
