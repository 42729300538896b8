"""Sum up every user's behaviour as numbers, from what each split may look at.

Reads   events          one behaviour of one user on one product, up to the day
        products        one product as known at the end of the day, for its category
Writes  user_features   one user's attributes for one split (train, test, push); the day is replaced whole

A night that only pushes, with --model-ds before --ds, computes the split push alone.

    spark-submit --py-files dist/recsys.zip jobs/build_user_features.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

from recsys.events.source import load_source
from recsys.job import Night, run_job
from recsys.runs.stage import Stage, day, whole
from recsys.split import PUSH, TEST, TRAIN
from recsys.tables import EVENTS, PRODUCTS, USER_FEATURES
from recsys.users.features import user_features


def run(night: Night) -> None:
    splits = (TRAIN, TEST, PUSH) if night.trains else (PUSH,)
    events = night.lake.read(EVENTS)
    products = night.lake.read_day(PRODUCTS, night.ds)
    zone = load_source(night.settings).time.zone
    features = user_features(events, products, night.settings.split, night.ds, splits, zone)
    night.lake.replace_day(features, USER_FEATURES, night.ds)


STAGE = Stage(
    "build_user_features", run, reads=(*whole(EVENTS), *day(PRODUCTS)), writes=day(USER_FEATURES),
    settings=("split", "source", "source_path", "products_path"),
)

if __name__ == "__main__":
    run_job(__doc__, STAGE)
