"""Write the report of a night: one self-contained HTML page.

Reads   whatever there is of events, events_quarantine, ingests, products, user_features, correlations, normalizer,
        segments, segment_quality, vocabulary, sequences, pushes, evaluations, comparisons, costs and the trained model;
        what is not there is said on the page
Writes  the report, the file at report_path, whole or not at all

    spark-submit --py-files dist/recsys.zip jobs/write_report.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

import logging
import time
from dataclasses import replace

from recsys import tables as t
from recsys.job import Night, run_job
from recsys.report.page import write_page
from recsys.report.report import report
from recsys.runs.stage import Stage, day, model_day, whole
from recsys.runs.things import MODEL, REPORT
from recsys.settings import Settings

log = logging.getLogger(__name__)


def run(night: Night) -> None:
    started = time.monotonic()
    html = report(night)
    write_page(html, night.settings.report_path)
    log.info("report %s: %s, %d kB in %.1f s", night.ds, night.settings.report_path, len(html) // 1024, time.monotonic() - started)


MADE = (t.SEGMENTS, t.USER_FEATURES, t.SEQUENCES, t.PRODUCTS, t.PUSHES)
FITTED = (t.CORRELATIONS, t.NORMALIZER, t.SEGMENTS, t.SEGMENT_QUALITY, t.USER_FEATURES, t.VOCABULARY, t.EVALUATIONS, t.COMPARISONS, t.COSTS)
STAGE = Stage(
    "write_report", run, writes=(REPORT,), settings=tuple(Settings.__dataclass_fields__),  # the page shows all of them
    reads=(
        *whole(t.EVENTS, t.QUARANTINE, t.INGESTS, needed=False), *day(*MADE, needed=False), *model_day(*FITTED, needed=False),
        replace(MODEL, needed=False),
    ),
)

if __name__ == "__main__":
    run_job(__doc__, STAGE)
