"""Find the extremes of every retained attribute on the training period.

Reads   user_features   one user's attributes, the split train
        correlations    which attributes are kept
Writes  normalizer      one retained attribute, its place, minimum and maximum; the day is replaced whole

A night that only pushes, with --model-ds before --ds, keeps what was fitted on that day and writes nothing.

    spark-submit --py-files dist/recsys.zip jobs/fit_normalizer.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

from recsys.job import Night, run_job
from recsys.runs.stage import Stage, day
from recsys.split import TRAIN
from recsys.tables import CORRELATIONS, NORMALIZER, USER_FEATURES
from recsys.users.attributes import ATTRIBUTES
from recsys.users.correlation import retained
from recsys.users.normalizer import fit_normalizer


def run(night: Night) -> None:
    if not night.trains:
        return
    attributes = retained(night.lake.read_day(CORRELATIONS, night.ds).collect(), ATTRIBUTES)
    features = night.lake.read_split(USER_FEATURES, night.ds, TRAIN)
    bounds = fit_normalizer(features, attributes)
    night.lake.replace_day(night.lake.frame(bounds, NORMALIZER, night.ds), NORMALIZER, night.ds)


STAGE = Stage(
    "fit_normalizer", run, reads=day(USER_FEATURES, CORRELATIONS, nights="training"), writes=day(NORMALIZER, nights="training"),
)

if __name__ == "__main__":
    run_job(__doc__, STAGE)
