"""Train the model of a day on all ranks, and save it with all that it was made from.

Reads   sequences (train and validation), neighbours, likenesses and trends (train), vocabulary, normalizer, segment_centroids, and the definition of the model
Writes  the trained model, a folder below `models`, named by model, day and settings; the same name is replaced whole

A night that only pushes, with --model-ds before --ds, trains nothing.

    spark-submit --py-files dist/recsys.zip jobs/train_model.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

import logging
import shutil
import time

from recsys.job import Night, run_job
from recsys.meter import memory_of, metered
from recsys.models.definition import read_definition
from recsys.runs.stage import Stage, day
from recsys.runs.things import DEFINITION, TRAINED
from recsys.sequences.trends import lately_of
from recsys.sequences.vocabulary import numbering
from recsys.split import TRAIN, VALIDATION
from recsys.tables import EVENTS, LIKENESSES, NEIGHBOURS, NORMALIZER, SEGMENT_CENTROIDS, SEQUENCES, TRENDS, VOCABULARY
from recsys.training import assemble
from recsys.training.artifact import save_artifact
from recsys.training.checkpoint import best_weights
from recsys.training.claim import claimed
from recsys.training.launcher import train

log = logging.getLogger(__name__)
TABLES = (SEQUENCES, NEIGHBOURS, LIKENESSES, TRENDS, VOCABULARY, NORMALIZER, SEGMENT_CENTROIDS)


def run(night: Night) -> None:
    if not night.trains:
        return
    lake, settings, ds, started = night.lake, night.settings, night.ds, time.monotonic()
    definition, data = read_definition(settings.beside(settings.training.model)), {table.name: lake.version(table) for table in (EVENTS, *TABLES)}
    vocabulary, *fitted = (rows.collect() for rows in (numbering(lake, ds, ds), lake.read_day(NORMALIZER, ds), lake.read_day(SEGMENT_CENTROIDS, ds)))
    parts = ((SEQUENCES, TRAIN), (SEQUENCES, VALIDATION), (NEIGHBOURS, TRAIN), (LIKENESSES, TRAIN))
    files = [lake.files(table, ds, split, data[table.name]) for table, split in parts]
    version = assemble.version_of(definition, settings, ds)
    plan = assemble.make_plan(settings, definition, version, *files, vocabulary, *map(len, fitted), lately_of(lake, ds, TRAIN, len(vocabulary)))
    with claimed(plan.checkpoint):
        with metered() as meter:
            outcome = train(lake.spark, plan)
        weights = best_weights(plan.checkpoint, plan.fingerprint, outcome.best_epoch)
        manifest = assemble.make_manifest(plan, outcome, settings, ds, *fitted, data, time.monotonic() - started, memory_of(meter))
        folder = save_artifact(settings.models, version, manifest, assemble.product_ids(vocabulary), weights)
        shutil.rmtree(plan.checkpoint)
    log.info("model %s: validation NDCG@10 %s, %.0f s", folder, assemble.validation_told(manifest), manifest["seconds"])


STAGE = Stage(
    "train_model", run, reads=(*day(*TABLES, nights="training"), DEFINITION), writes=(TRAINED,),
    settings=("models", "split", "segments", "sequences", "training", "evaluation.relevant", "evaluation.drop_seen"),
)

if __name__ == "__main__":
    run_job(__doc__, STAGE)
