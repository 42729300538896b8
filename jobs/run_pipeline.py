"""Run every stage of a night in order and in one session, from raw logs to pushes and report.

Reads   the log and the product list that the source's YAML describes, and the definition of the model
Writes  every table of the lake for the day, the model, and the report; each stage replaces its own day

A stage that was done before from the same is skipped, so a night that failed goes on where it stopped. With --model-ds
before --ds it only pushes: what is fitted is that of the earlier day. It ends with a few users' pushes and the evaluation
on stdout. A method that could not be judged costs the night its good end, but neither pushes nor report.

    spark-submit --py-files dist/recsys.zip jobs/run_pipeline.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

import time
from importlib import import_module

from recsys.evaluation.compare import MethodsFailed
from recsys.job import Night, run_stages
from recsys.report.console import summary
from recsys.runs.attempts import Attempts
from recsys.runs.ledger import SKIPPED
from recsys.runs.stage import Stage

STAGES = tuple(import_module(name).STAGE for name in (  # from the files beside this one
    "ingest_events", "ingest_products", "build_user_features", "correlate_attributes", "fit_normalizer", "segment_users",
    "build_sequences", "train_model", "push_products", "evaluate_models", "write_report",
))  # pushes first: no failure of an evaluation may cost a night its pushes
FITTING = ("correlate_attributes", "fit_normalizer", "train_model", "evaluate_models")  # what a night that only pushes leaves out


def stages_of(night: Night) -> list[Stage]:
    return [stage for stage in STAGES if night.trains or stage.name not in FITTING]


def run(attempts: Attempts) -> None:
    night, started, failed = attempts.night, time.monotonic(), None
    for number, stage in enumerate(STAGES, start=1):
        head, begun, outcome = f"[{number}/{len(STAGES)}] {stage.name}", time.monotonic(), ""
        if stage not in stages_of(night):
            print(f"{head}: left out, that of {night.model_ds} serves", flush=True)
            continue
        print(head, flush=True)
        try:
            outcome = attempts.make(stage)
        except MethodsFailed as failure:
            failed = failure  # the rest of the night does not need them
        print(f"{head}: {time.monotonic() - begun:.1f} s{', skipped' if outcome == SKIPPED else ''}", flush=True)
    print(f"\n{summary(night)}\n\nAll of it took {time.monotonic() - started:.0f} s.", flush=True)
    if failed:
        raise failed


if __name__ == "__main__":
    run_stages(__doc__, stages_of, run)
