"""Push exactly n products to every user with any history.

Reads   sequences, newcomers, neighbours, likenesses, trends, segments, products, events (of --ds); vocabulary, normalizer, segment_centroids, trained
        model (of --model-ds)
Writes  pushes   one pushed product of one user, ds; the day is replaced whole

    spark-submit --py-files dist/recsys.zip jobs/push_products.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

import logging

from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.job import Night, run_job
from recsys.pushes.completion import complete
from recsys.pushes.filters import BANNED, bought, eligible, not_eligible, with_banned
from recsys.pushes.popularity import fallback_lists, recent
from recsys.pushes.pushes import item_ids, most_bought, pushes, require_any, short_lists
from recsys.pushes.scoring import top_items
from recsys.runs.stage import Stage, day, model_day, whole
from recsys.runs.things import MODEL
from recsys.sequences.neighbours import follows_of
from recsys.sequences.vocabulary import numbering
from recsys.split import PUSH, history, with_role
from recsys.training.artifact import artifact_for, read_manifest
from recsys.training.asked import refuse_other_inputs

log = logging.getLogger(__name__)


def run(night: Night) -> None:
    lake, ds, settings = night.lake, night.ds, night.settings.pushes
    path = artifact_for(night.settings.models, night.model_ds)
    sequences, segments = (lake.read_split(table, ds, PUSH) for table in (t.SEQUENCES, t.SEGMENTS))
    known = numbering(lake, ds, night.model_ds, push=True)
    refuse_other_inputs(path, lake, night.model_ds, night.settings.sequences)
    products = eligible(lake.read_day(t.PRODUCTS, ds), settings)
    events_version = lake.version(t.EVENTS)
    events = history(with_role(lake.read(t.EVENTS, events_version).where(F.col(c.BEHAVIOUR) != c.RETURN), night.settings.split, ds), PUSH)
    require_any(products, ds)
    unwanted = bought(events, settings)
    asked, banned = (with_banned(sequences, unwanted, known), BANNED) if settings.drop_bought else (sequences, None)
    never, neighbours = item_ids(not_eligible(known, products)), follows_of(lake, ds, PUSH, known.count())
    model_items = top_items(asked, path, settings.n, banned=banned, never=never, behaviour=settings.behaviour, neighbours=neighbours)
    fallback = fallback_lists(recent(events, settings, ds), segments, products, 2 * settings.n + most_bought(unwanted))
    lists = complete(events.select(c.USER).distinct(), model_items, unwanted, segments, fallback, settings.n)
    lake.replace_day(pushes(lists, products, read_manifest(path)["version"], events_version, ds), t.PUSHES, ds)
    if short := short_lists(events, lake.read(t.PUSHES).where(F.col(c.DAY) == F.lit(ds)), settings.n):
        log.warning("pushes %s: %d users got fewer than %d products, since no more may be pushed to them", ds, short, settings.n)


STAGE = Stage(
    "push_products", run, writes=day(t.PUSHES), settings=("models", "split", "sequences", "pushes"), reads=(
        *whole(t.EVENTS), MODEL, *day(t.SEQUENCES, t.SEGMENTS, t.PRODUCTS), *day(t.NEWCOMERS, *t.COUNTED, needed=False),
        *model_day(t.VOCABULARY, t.NORMALIZER, t.SEGMENT_CENTROIDS)))

if __name__ == "__main__":
    run_job(__doc__, STAGE)
