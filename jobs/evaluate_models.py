"""Judge the model and every control by the same lists, targets and metrics on the test part of the log.

A crash of one method costs no other its results, and ends the job with 4; a leak stops it before anything is computed.

Reads   events, products, segments, sequences, neighbours, likenesses and trends (of --ds); every trained model, what it learned from and all that
        was fitted (of --model-ds): sequences, vocabulary, user_features, correlations, normalizer, segment_centroids, segments
Writes  evaluations   one method, split, slice, metric and list length, ds; the day is replaced whole
        comparisons   one model against one other method, the same; the day is replaced whole
        costs         one method and stage, ds; the day is replaced whole

    spark-submit --py-files dist/recsys.zip jobs/evaluate_models.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

from recsys import columns as c
from recsys import tables as t
from recsys.baselines.popularity import Popularity
from recsys.evaluation.compare import compare
from recsys.evaluation.kept import Kept
from recsys.evaluation.leaks import refuse_leaks
from recsys.evaluation.measure import yardstick
from recsys.evaluation.methods import baselines
from recsys.evaluation.results import results
from recsys.evaluation.sequence_model import makers, trained_models
from recsys.evaluation.trial import hold_out
from recsys.job import Night, run_job
from recsys.runs.stage import Stage, day, model_day, whole
from recsys.runs.things import JUDGED_MODELS
from recsys.sequences.neighbours import follows_of
from recsys.split import TEST


def run(night: Night) -> None:
    lake, ds, settings, kept = night.lake, night.ds, night.settings.evaluation, Kept()
    folders = trained_models(night.settings, night.model_ds)
    sequences, segments = (lake.read_split(table, ds, TEST) for table in (t.SEQUENCES, t.SEGMENTS))
    vocabulary = lake.read_day(t.VOCABULARY, night.model_ds)
    trial = hold_out(lake.read(t.EVENTS), night.settings.split, settings, ds).held(kept)
    refuse_leaks(night, trial, sequences)
    completion = Popularity(settings.relevant, settings.drop_seen, kept)
    completion.fit(trial.history)
    measure = yardstick(trial, segments.select(c.USER, c.SEGMENT), lake.read_day(t.PRODUCTS, ds), settings, kept)
    methods = makers(folders, sequences, vocabulary, night.settings, follows_of(lake, ds, TEST, vocabulary.count())) | {name: [make] for name, make in baselines(settings).items()}
    comparison = compare(methods, trial, completion, measure)
    kept.release()
    for table, rows in results(comparison, folders, TEST, settings, measure.catalogue):
        lake.replace_day(lake.frame(rows, table, ds), table, ds)
    comparison.require_all()


STAGE = Stage(
    "evaluate_models", run, writes=day(t.EVALUATIONS, t.COMPARISONS, t.COSTS),
    reads=(*whole(t.EVENTS), *day(t.PRODUCTS, t.SEGMENTS, t.SEQUENCES), *day(*t.COUNTED, needed=False), JUDGED_MODELS, *model_day(
        t.VOCABULARY, t.SEQUENCES, t.USER_FEATURES, t.CORRELATIONS, t.NORMALIZER, t.SEGMENT_CENTROIDS, t.SEGMENTS)),
    settings=("models", "split", "attributes", "segments", "sequences", "training", "evaluation"),
)

if __name__ == "__main__":
    run_job(__doc__, STAGE)
