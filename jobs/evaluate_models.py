"""Judge the model and every control by the same lists, targets and metrics on the test part of the log.

A method that crashes is named, the results of the others are written all the same, and the job then exits
with 4. A history that holds test events stops the job before anything is computed.

Reads   events, sequences (of --ds), vocabulary and the model (of --model-ds)
Writes  evaluations   one method, split, metric and list length, ds; the day is replaced whole
        costs         one method and stage, ds; the day is replaced whole

    spark-submit --py-files dist/recsys.zip jobs/evaluate_models.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.baselines.popularity import Popularity
from recsys.evaluation.compare import TRAIN_STAGE, compare
from recsys.evaluation.kept import Kept
from recsys.evaluation.leaks import refuse_leaks
from recsys.evaluation.methods import baselines
from recsys.evaluation.sequence_model import SequenceModel
from recsys.evaluation.trial import hold_out
from recsys.job import Night, run_job
from recsys.split import TEST
from recsys.training.artifact import artifact_for, read_manifest


def run(night: Night) -> None:
    lake, ds, settings = night.lake, night.ds, night.settings.evaluation
    path = artifact_for(night.settings.models, night.model_ds)
    sequences = lake.read_day(t.SEQUENCES, ds).where(F.col(c.SPLIT) == TEST)
    vocabulary = lake.read_day(t.VOCABULARY, night.model_ds)
    kept = Kept()
    trial = hold_out(lake.read(t.EVENTS), night.settings.split, settings, ds).held(kept)
    refuse_leaks(trial, sequences, night.settings.split, ds)

    completion = Popularity(settings.relevant, settings.drop_seen, kept)
    completion.fit(trial.history)
    model = SequenceModel(sequences, vocabulary, path, settings.relevant, settings.drop_seen)
    methods = {SequenceModel.name: lambda keep: model, **baselines(settings)}
    comparison = compare(methods, trial, completion, settings.list_lengths, TEST)
    kept.release()

    training = (SequenceModel.name, TRAIN_STAGE, float(read_manifest(path)["seconds"]), comparison.users)
    lake.replace_day(lake.frame(comparison.evaluations, t.EVALUATIONS, ds), t.EVALUATIONS, ds)
    lake.replace_day(lake.frame([*comparison.costs, training], t.COSTS, ds), t.COSTS, ds)
    comparison.require_all()


if __name__ == "__main__":
    run_job(__doc__, run)
