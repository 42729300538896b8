"""Write the report of a night: one self-contained HTML page.

Reads   every table of the lake and the model's manifest; what is not there is said on the page
Writes  the file at settings.report_path, whole or not at all

    spark-submit --py-files dist/recsys.zip jobs/write_report.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

import logging
import time

from recsys.job import Night, run_job
from recsys.report.page import write_page
from recsys.report.report import report

log = logging.getLogger(__name__)


def run(night: Night) -> None:
    started = time.monotonic()
    html = report(night)
    write_page(html, night.settings.report_path)
    log.info("report %s: %s, %d kB in %.1f s", night.ds, night.settings.report_path, len(html) // 1024, time.monotonic() - started)


if __name__ == "__main__":
    run_job(__doc__, run)
