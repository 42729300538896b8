"""Assign every user to a k-means segment, k being chosen by the papers' Davies-Bouldin index.

Reads   user_features      one user's attributes for one split
        normalizer         one retained attribute
        segment_centroids  of --model-ds, if that is an earlier day
Writes  segment_centroids  one segment, with its training size; the day is replaced whole
        segment_quality    one k of the sweep; the day is replaced whole
        segments           one user's segment for one split; the day is replaced whole

A night that only pushes, with --model-ds before --ds, assigns by the centroids of that day.

    spark-submit --py-files dist/recsys.zip jobs/segment_users.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

from pyspark.sql import functions as F

from recsys import columns as c
from recsys.job import Night, run_job
from recsys.runs.stage import Stage, day, model_day
from recsys.split import TRAIN
from recsys.tables import NORMALIZER, SEGMENT_CENTROIDS, SEGMENT_QUALITY, SEGMENTS, USER_FEATURES
from recsys.users.normalizer import normalise
from recsys.users.segments import assign, fit_segments


def run(night: Night) -> None:
    lake = night.lake
    normalizer = lake.read_day(NORMALIZER, night.model_ds).collect()
    points = normalise(lake.read_day(USER_FEATURES, night.ds), normalizer)
    if night.trains:
        trained = points.where(F.col(c.SPLIT) == TRAIN)
        segments, quality = fit_segments(trained, len(normalizer), night.settings.segments)
        lake.replace_day(lake.frame(segments, SEGMENT_CENTROIDS, night.ds), SEGMENT_CENTROIDS, night.ds)
        lake.replace_day(lake.frame(quality, SEGMENT_QUALITY, night.ds), SEGMENT_QUALITY, night.ds)
    centroids = lake.read_day(SEGMENT_CENTROIDS, night.model_ds).collect()
    lake.replace_day(assign(points, centroids), SEGMENTS, night.ds)


STAGE = Stage(
    "segment_users", run,
    reads=(*day(USER_FEATURES), *model_day(NORMALIZER), *model_day(SEGMENT_CENTROIDS, nights="pushing")),
    writes=(*day(SEGMENT_CENTROIDS, SEGMENT_QUALITY, nights="training"), *day(SEGMENTS)), settings=("segments",),
)

if __name__ == "__main__":
    run_job(__doc__, STAGE)
