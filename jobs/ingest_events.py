"""Take the files of a source into the events table: new and corrected ones, each counted to the row.

Reads   the log that the source's YAML describes, any number of files
        erasures           the users who are left out
Writes  events             one behaviour of one user on one product; rows of the files taken in are replaced
        events_quarantine  one rejected input row, untouched, with every reason
        product_mentions   one wording of a product, by file and day
        ingests            one file: rows in = accepted + rejected + exact copies dropped + erased
        events_incoming    the rows of this run as they were understood, to look into a refused file

Files that were taken in before and are as they were are left aside, unless the tables no longer hold their rows as they
were. With --force every file is taken in anew.

    spark-submit --py-files dist/recsys.zip jobs/ingest_events.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

from recsys.events.intake import take_in
from recsys.events.source import load_source
from recsys.job import Night, run_job
from recsys.runs.stage import Counts, Stage, whole
from recsys.runs.things import LOG
from recsys.tables import ERASURES, EVENTS, INCOMING, INGESTS, PRODUCT_MENTIONS, QUARANTINE


def run(night: Night) -> Counts:
    taken_in = take_in(night.lake, load_source(night.settings), night.settings.beside_sources, night.anew)
    return Counts(*(sum(getattr(account, name) for account in taken_in) for name in ("rows_in", "accepted", "rejected")))


STAGE = Stage(
    "ingest_events", run, reads=(LOG, *whole(ERASURES, needed=False)), writes=whole(EVENTS, QUARANTINE, PRODUCT_MENTIONS, INGESTS, INCOMING),
    settings=("source", "source_path", "products_path", "beside_sources"),
)

if __name__ == "__main__":
    run_job(__doc__, STAGE)
