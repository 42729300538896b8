"""Take users who asked for it out of every table, and write the proof.

Reads   a text file, one user id a line, as they stand in the table events
Writes  erasures         one erased user, by the hash of the id: later intakes leave these users out
        erasure_proofs   one table of one request: rows removed, rows left, and the version without them
        every table that holds users, the quarantine, and the accounts in ingests

--dry-run says how many rows of each table would go, and writes nothing.
It may be run again at any time, also after it was killed. Files of versions before it stay on disk until VACUUM:
--vacuum removes those older than Delta's retention (7 days), so run that again a week later.

    spark-submit --py-files dist/recsys.zip jobs/erase_users.py --config conf/complete_journey.yaml --ds 2017-12-30 --users forget.txt
"""

import argparse
import sys

from recsys.erasure import USER_TABLES, erase, foretold, read_users
from recsys.job import run_stages
from recsys.night import Night
from recsys.tables import INCOMING, QUARANTINE


def run(night: Night, users: str, vacuum: bool = False, dry_run: bool = False) -> None:
    lake = night.lake
    if dry_run:
        for table, rows in foretold(lake, read_users(lake, users)):
            print(f"{table:<20} {rows:>9,} rows would be removed", flush=True)
        return
    proof = erase(lake, read_users(lake, users), night.ds)
    for table, removed, left, version in proof:
        print(f"{table:<20} {removed:>9,} rows removed, {left} left, version {version}", flush=True)
    if vacuum:
        for table in filter(lake.exists, (*USER_TABLES, QUARANTINE, INCOMING)):
            lake.vacuum(table)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--users")
    parser.add_argument("--vacuum", action="store_true")
    parser.add_argument("--dry-run", action="store_true")
    arguments = sys.argv[1:] if argv is None else argv
    own, others = parser.parse_known_args(arguments)
    if own.users is None and not {"-h", "--help"} & set(arguments):
        parser.error("--users FILE is missing: a text file with one user id a line")
    run_stages(__doc__, lambda night: (), lambda attempts: run(attempts.night, own.users, own.vacuum, own.dry_run), others)


if __name__ == "__main__":
    main()
