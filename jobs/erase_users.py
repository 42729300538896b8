"""Take users who asked for it out of every table, and write the proof.

Reads   a text file, one user id a line, as they stand in the table events
Writes  erasures         one erased user, by the hash of the id: later intakes leave these users out
        erasure_proofs   one table of one request: rows removed, rows left, and the version without them
        every table that holds users, the quarantine, and the accounts in ingests

--dry-run says how many rows of each table would go, and writes nothing. A warning tells which lines of the list hold ids
that stand in no table.
It may be run again at any time, also after it was killed. Files of versions before it stay on disk until VACUUM:
--vacuum removes those older than Delta's retention (7 days), so run that again a week later.

    spark-submit --py-files dist/recsys.zip jobs/erase_users.py --config conf/complete_journey.yaml --ds 2017-12-30 --users forget.txt
"""

from recsys.erasure import USER_TABLES, erase, foretold, read_users, tell_unknown
from recsys.job import faults_as_exit_codes, night_parser, open_night
from recsys.night import Night
from recsys.tables import INCOMING, QUARANTINE


def run(night: Night, users: str, vacuum: bool = False, dry_run: bool = False) -> None:
    lake, listed = night.lake, read_users(night.lake, users)
    tell_unknown(lake, listed)
    if dry_run:
        for table, rows in foretold(lake, listed):
            print(f"{table:<20} {rows:>9,} rows would be removed", flush=True)
        return
    proof = erase(lake, listed, night.ds)
    for table, removed, left, version in proof:
        print(f"{table:<20} {removed:>9,} rows removed, {left} left, version {version}", flush=True)
    if vacuum:
        for table in filter(lake.exists, (*USER_TABLES, QUARANTINE, INCOMING)):
            lake.vacuum(table)


def main(argv: list[str] | None = None) -> None:
    parser = night_parser(__doc__)
    parser.add_argument("--users", required=True, metavar="FILE", help="a text file with one user id a line")
    parser.add_argument("--vacuum", action="store_true", help="also delete files of old versions that Delta's retention has passed")
    parser.add_argument("--dry-run", action="store_true", help="say how many rows of each table would go; write nothing")
    arguments = parser.parse_args(argv)
    with faults_as_exit_codes(arguments.name):
        run(open_night(arguments), arguments.users, arguments.vacuum, arguments.dry_run)


if __name__ == "__main__":
    main()
