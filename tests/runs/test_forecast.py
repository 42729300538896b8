import pytest

from recsys.faults import BadSettings, MissingTable
from recsys.runs.forecast import Forecast
from recsys.runs.parts import State, Thing
from recsys.runs.stage import Stage
from tests.runs.shop import Shop, part


def never(night):
    pytest.fail("a stage was started")


def forecast(shop, *stages, force=False):
    return Forecast.of(stages, shop.night(), shop.ledger(), force)


def lines(told):
    return [" ".join(line.split()) for line in str(told).splitlines() if line]


def test_it_tells_what_would_run_and_why_what_it_would_read_and_what_it_would_replace():
    shop = Shop()
    told = forecast(shop, Stage("write_page", never, (part("log"), part("new", needed=False)), (part("page"), part("old"))))
    assert lines(told) == [
        "What would be done for 2020-01-31; nothing is started, and nothing is written.",
        "write_page would run, since no run for 2020-01-31 is on record as done",
        "reads log there", "reads new not there", "replaces page not there", "replaces old there",
    ]
    assert told.fault is None and shop.attempts == [] and "page" not in shop.held


def test_what_was_done_would_be_skipped_unless_an_earlier_stage_makes_what_it_reads_anew():
    shop = Shop()
    shop.make(run_id="r1")
    assert "write_page would be skipped: made" in str(forecast(shop, shop.stage))
    log = Stage("take_log", never, (), (part("log"),))
    assert "write_page would run, since take_log would make log anew" in str(forecast(shop, log, shop.stage))
    assert "write_page would run, since --force asks for it" in str(forecast(shop, shop.stage, force=True))


def test_what_is_missing_is_a_fault_unless_an_earlier_stage_of_the_same_run_makes_it():
    shop, writer, reader = Shop({}), Stage("make_log", never, (), (part("log"),)), Stage("read_log", never, (part("log"),), ())
    told = forecast(shop, reader, writer)
    assert isinstance(told.fault, MissingTable)
    assert str(told.fault) == "read_log reads log, which is not there. Run jobs/make_log.py --ds 2020-01-31 first."
    told = forecast(shop, writer, reader)
    assert told.fault is None and "reads log as make_log will have made it; now not there" in lines(told)


def test_a_fault_that_a_stage_would_meet_is_told_and_the_stages_after_it_are_told_too():
    def look(night):
        raise BadSettings("no such file")

    shop = Shop({"log": State("l1", "3 files")})
    told = forecast(shop, Stage("first", never, (Thing("list", look),), ()), Stage("second", never, (part("log"),), ()))
    assert isinstance(told.fault, BadSettings) and "first would fail: no such file" in lines(told)
    assert lines(told)[-1] == "reads log 3 files"
