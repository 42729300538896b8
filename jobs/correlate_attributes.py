"""Find the user attributes that say the same, and decide which are kept.

Reads   user_features   one user's attributes, the split train
Writes  correlations    one pair of attributes, with its correlation and decision; the day is replaced whole

A night that only pushes, with --model-ds before --ds, keeps what was decided on that day and writes nothing.

    spark-submit --py-files dist/recsys.zip jobs/correlate_attributes.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

from recsys.job import Night, run_job
from recsys.runs.stage import Stage, day
from recsys.split import TRAIN
from recsys.tables import CORRELATIONS, USER_FEATURES
from recsys.users.attributes import ATTRIBUTES
from recsys.users.correlation import correlations
from recsys.users.moments import moments


def run(night: Night) -> None:
    if not night.trains:
        return
    features = night.lake.read_split(USER_FEATURES, night.ds, TRAIN)
    pairs = correlations(moments(features, ATTRIBUTES), ATTRIBUTES, night.settings.attributes.correlation_threshold)
    night.lake.replace_day(night.lake.frame(pairs, CORRELATIONS, night.ds), CORRELATIONS, night.ds)


STAGE = Stage(
    "correlate_attributes", run, reads=day(USER_FEATURES, nights="training"), writes=day(CORRELATIONS, nights="training"),
    settings=("attributes",),
)

if __name__ == "__main__":
    run_job(__doc__, STAGE)
