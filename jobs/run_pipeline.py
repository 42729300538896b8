"""Run every stage of a night in order and in one session, from raw logs to pushes and report.

Reads   the log and product list that the source's YAML describes
Writes  every table of the lake for the day, the model, and the report; each stage replaces its own day

With --model-ds before --ds it only pushes: what is fitted (correlations, normaliser, segments, vocabulary,
model, evaluation) is that of the earlier day. It ends with a few users' pushes and the evaluation on stdout.
A method that the evaluation could not judge costs the night its good end, but neither pushes nor report.

    spark-submit --py-files dist/recsys.zip jobs/run_pipeline.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

import time

import build_sequences
import build_user_features
import correlate_attributes
import evaluate_models
import fit_normalizer
import ingest_events
import ingest_products
import push_products
import segment_users
import train_model
import write_report

from recsys.evaluation.compare import MethodsFailed
from recsys.job import Night, run_job
from recsys.report.console import summary

STAGES = (
    ingest_events, ingest_products, build_user_features, correlate_attributes, fit_normalizer, segment_users,
    build_sequences, train_model, push_products, evaluate_models, write_report,
)  # pushes first: no failure of an evaluation may cost a night its pushes
FITTING = (correlate_attributes, fit_normalizer, train_model, evaluate_models)  # what a night that only pushes leaves out


def run(night: Night) -> None:
    started, failed = time.monotonic(), None
    for number, stage in enumerate(STAGES, start=1):
        head = f"[{number}/{len(STAGES)}] {stage.__name__}"
        if stage in FITTING and night.model_ds < night.ds:
            print(f"{head}: left out, that of {night.model_ds} serves", flush=True)
            continue
        print(head, flush=True)
        begun = time.monotonic()
        try:
            stage.run(night)
        except MethodsFailed as failure:
            failed = failure  # the rest of the night does not need them
        print(f"{head}: {time.monotonic() - begun:.1f} s", flush=True)
    print(f"\n{summary(night)}\n\nAll of it took {time.monotonic() - started:.0f} s.", flush=True)
    if failed:
        raise failed


if __name__ == "__main__":
    run_job(__doc__, run)
