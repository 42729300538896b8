import logging
from dataclasses import replace
from datetime import date

import pytest

from recsys.faults import BadData, Infrastructure
from recsys.runs.attempts import Attempts
from recsys.runs.ledger import Ledger
from recsys.runs.parts import State
from tests.runs.shop import DS, Shop, part


def change_input(shop):
    shop.held["log"] = State("l2")


def lose_input(shop):
    del shop.held["old"]


def change_output(shop):
    shop.held["page"] = State("other")


def lose_output(shop):
    del shop.held["page"]


def change_setting(shop):
    shop.settings = replace(shop.settings, pushes=replace(shop.settings.pushes, n=5))


def change_code(shop):
    shop.attempts[0] = replace(shop.attempts[0], code_hash="older")


def change_model_day(shop):
    shop.attempts[0] = replace(shop.attempts[0], model_ds=date(2020, 1, 5))


def be_killed_before_the_end(shop):
    del shop.attempts[0]


def fail(shop):
    shop.attempts[0] = replace(shop.attempts[0], outcome="failed")


def run_beside(shop):
    shop.attempts.append(replace(shop.attempts[0], run_id="another", outcome="failed"))


@pytest.mark.parametrize(("change", "told"), [
    (change_input, "log changed since"), (lose_input, "old changed since"), (change_output, "page is not what that run left"),
    (lose_output, "page is not what that run left"), (change_setting, "settings are others"), (change_code, "the code is another"),
    (change_model_day, "no run for 2020-01-31 is on record"), (be_killed_before_the_end, "no run for 2020-01-31 is on record"),
    (fail, "no run for 2020-01-31 is on record"), (run_beside, "at the same time"),
])
def test_a_stage_runs_again_if_anything_is_not_as_its_last_run_found_and_left_it(caplog, change, told):
    shop = Shop()
    shop.make()
    change(shop)
    with caplog.at_level(logging.INFO, "recsys.runs"):
        assert shop.make() == "done"
    assert shop.calls == 2 and told in caplog.text


def test_a_stage_that_was_done_from_the_same_is_skipped_with_one_line_that_says_when_unless_forced(caplog):
    shop = Shop()
    shop.make(run_id="first")
    shop.settings = replace(shop.settings, report=replace(shop.settings.report, seed=99))  # not a setting of this stage
    with caplog.at_level(logging.INFO, "recsys.runs"):
        assert shop.make(run_id="second") == "skipped"
    (line,) = [record.getMessage() for record in caplog.records]
    made = shop.attempts[0].started
    assert line == f"write_page 2020-01-31: skipped, made {made:%Y-%m-%d %H:%M} UTC by run first from the same; --force makes it anew"
    assert shop.calls == 1
    assert shop.make(force=True) == "done" and shop.calls == 2


def test_a_stage_is_told_whether_it_was_forced():
    shop, told = Shop(), []
    for force in (False, True):
        shop.make(force=force, run=lambda night: told.append(night.anew))
    assert told == [False, True]


def test_a_stage_that_leaves_nothing_to_look_at_always_runs():
    shop = Shop()
    assert [shop.make(writes=()), shop.make(writes=())] == ["done", "done"]


def test_what_was_done_is_on_record_with_all_that_it_was_made_from(caplog):
    shop = Shop()
    with caplog.at_level(logging.INFO, "recsys.runs"):
        shop.make(run_id="r1")
    (made,) = shop.attempts
    assert (made.run_id, made.stage, made.ds, made.model_ds, made.outcome, made.exit_code) == ("r1", "write_page", DS, DS, "done", 0)
    assert (made.rows_in, made.rows_out, made.rejected) == (9, 6, 2)
    assert [(found.part, found.fingerprint) for found in (*made.reads, *made.writes)] == [("log", "l1"), ("old", "o1"), ("page", "p1")]
    assert made.settings.endswith('"pushes.n": 10}') and made.settings.startswith('{"split": {"kind": "time"')
    assert "write_page 2020-01-31: 9 rows in, 6 out, 2 rejected, in 0.0 s" in caplog.text


@pytest.mark.parametrize(("fault", "code", "told"), [
    (BadData("s3a://me:hush@shop is empty"), 3, "s3a://***@shop is empty"), (ZeroDivisionError("by 0"), 1, "ZeroDivisionError: by 0"),
    (OSError(28, "No space left on device"), 4, "A disk is full: OSError: [Errno 28] No space left on device."),
    (BadData("Too many bad rows: u1,milk", of_users="u1,milk"), 3, "Too many bad rows: (not kept)"),
])
def test_what_failed_is_on_record_with_its_exit_code_and_message_and_the_exception_goes_on(fault, code, told):
    shop = Shop(fails=fault)
    with pytest.raises(Exception) as raised:
        shop.make()
    (failed,) = shop.attempts
    assert fault in (raised.value, raised.value.__cause__)
    assert (failed.outcome, failed.exit_code, failed.message[:len(told)], failed.writes) == ("failed", code, told, ())


def test_a_stage_that_wrote_rows_of_users_while_some_were_erased_is_not_done_and_runs_again():
    shop, proofs = Shop(), iter(("proof of events", "proof of pushes", None))

    def push(night):
        shop.held["pushes"] = State("rows")
        if proof := next(proofs):
            shop.held["erasure_proofs"] = proof

    for _ in range(2):  # the first erasure, and a later one
        with pytest.raises(Infrastructure, match="Users were erased while write_page was at work.*run the erasure again"):
            shop.make(run=push, writes=(part("pushes"),))
    assert [shop.make(run=push, writes=(part("pushes"),)) for _ in range(2)] == ["done", "skipped"]
    assert [(attempt.outcome, attempt.exit_code) for attempt in shop.attempts] == [("failed", 4), ("failed", 4), ("done", 0)]


def test_a_stage_that_writes_no_users_is_done_whoever_is_erased_meanwhile():
    shop = Shop()
    assert shop.make(run=lambda night: shop.held.update(page=State("p1"), erasure_proofs="proof of events")) == "done"


def test_a_stage_that_is_killed_is_not_on_record():
    shop = Shop(fails=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        shop.make()
    assert shop.attempts == []


class Unwritable:
    """A lake whose table `runs` cannot be written."""

    written: dict = {}

    def __init__(self, held):
        self.held, self.spark = held, self

    def createDataFrame(self, rows, schema):
        raise OSError("disk full")


@pytest.mark.parametrize("fails", [None, BadData("its own fault")])
def test_where_the_record_cannot_be_written_the_stage_ends_as_it_would_with_a_warning(caplog, fails):
    shop = Shop(fails=fails)
    lake = Unwritable(shop.held)
    attempts = Attempts(replace(shop.night(), lake=lake), Ledger(lake))
    if fails:
        with pytest.raises(BadData, match="its own fault"):
            attempts.make(shop.stage)
    else:
        assert attempts.make(shop.stage) == "done"
    assert "The table runs cannot be written, so a later run will do this work again: disk full" in caplog.text
