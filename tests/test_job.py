import sys
from datetime import date

import pytest
from py4j.protocol import Py4JNetworkError

from recsys import job
from recsys.faults import BadData, BadSettings, Fault, Infrastructure, MissingTable
from recsys.job import parse_arguments, run_job
from recsys.runs.ledger import Ledger
from recsys.runs.stage import Stage

DOC = "Do a thing.\n\nReads   a\nWrites  b\n"


class Forgetful(Ledger):
    """It knows of no attempt and keeps none, so that no session is needed."""

    @classmethod
    def of(cls, night):
        return cls(night.lake)

    def write(self):
        pass


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a stage as a job on a settings file, without a Spark session; returns the nights it saw."""
    path = tmp_path / "shop.yaml"
    path.write_text("source: log.yaml\nlake: main.shop\n")
    monkeypatch.setattr(job, "build_session", lambda name, settings: f"session of {name}")
    monkeypatch.setattr(job, "Ledger", Forgetful)
    monkeypatch.setattr("sys.argv", ["jobs/do_thing.py"])

    def run(does=None, *arguments):
        nights = []
        run_job(DOC, Stage("do_thing", does or nights.append, (), ()), ["--config", str(path), *arguments])
        return nights

    return run


def test_a_stage_is_handed_its_lake_settings_and_day(run):
    (night,) = run(None, "--ds", "2020-01-31", "pushes.n=5")
    assert (night.ds, night.model_ds, night.settings.pushes.n) == (date(2020, 1, 31), date(2020, 1, 31), 5)
    assert (night.lake.root, night.lake.spark) == ("main.shop", "session of do_thing")


def test_a_night_that_only_pushes_uses_the_model_of_an_earlier_day(run):
    (night,) = run(None, "--ds", "2020-01-31", "--model-ds", "2020-01-05")
    assert (night.ds, night.model_ds) == (date(2020, 1, 31), date(2020, 1, 5))


@pytest.mark.parametrize(("fault", "code"), [
    (Fault("text"), 2), (BadSettings("text"), 2), (BadData("text"), 3), (MissingTable("text"), 3), (Infrastructure("text"), 4),
])
def test_a_fault_ends_the_job_with_its_own_exit_code_and_message_and_no_stack_trace(run, capsys, fault, code):
    def stage(night):
        raise fault

    with pytest.raises(SystemExit) as end:
        run(stage, "--ds", "2020-01-31")
    assert end.value.code == code
    assert capsys.readouterr().err.endswith("\ndo_thing: text\n")


@pytest.mark.parametrize(("error", "kind", "told"), [
    (OSError(28, "No space left on device"), Infrastructure, "A disk is full: OSError: [Errno 28] No space left on device. Make room"),
    (RuntimeError("Job aborted\n: java.lang.OutOfMemoryError: Java heap space\n  at x"), Infrastructure, "Memory ran out: java.lang.OutOfMemoryError: Java heap space. Give more"),
    (RuntimeError("ExecutorLostFailure (executor 3 exited)"), Infrastructure, "A worker was lost"), (PermissionError(13, "Permission denied"), Infrastructure, "Access was refused"),
    (RuntimeError("com.amazonaws...: Access Denied (Status Code: 403)"), Infrastructure, "Access was refused"),
    (Py4JNetworkError("Answer from Java side is empty"), Infrastructure, "Spark's driver is gone"), (ConnectionRefusedError(111, "Connection refused"), Infrastructure, "Spark's driver is gone"),
    (RuntimeError("java.net.ConnectException: Connection refused"), Infrastructure, "A machine cannot be reached"),
    (RuntimeError('No FileSystem for scheme "s3a"'), BadSettings, "Spark has no connector for a file system"),
])
def test_an_error_of_the_machine_is_told_as_one_with_what_to_do_and_logged_whole(run, capsys, caplog, error, kind, told):
    def stage(night):
        try:
            raise error
        except type(error) as cause:
            raise ValueError("in a stage") from cause

    with pytest.raises(SystemExit) as end:
        run(stage, "--ds", "2020-01-31")
    assert end.value.code == kind.exit_code
    paragraph = capsys.readouterr().err.rpartition("do_thing: ")[2]
    assert told in paragraph and "Traceback" not in paragraph and "ValueError: in a stage" in caplog.text


def test_a_session_that_does_not_start_for_want_of_memory_is_told_as_that(run, monkeypatch):
    monkeypatch.setattr(job, "build_session", lambda *_: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(SystemExit) as end:
        run(None, "--ds", "2020-01-31")
    assert end.value.code == 4


def test_a_defect_keeps_its_stack_trace(run):
    def stage(night):
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        run(stage, "--ds", "2020-01-31")


def test_wrong_settings_end_the_job_before_a_session_is_opened(run, capsys, monkeypatch):
    monkeypatch.setattr(job, "build_session", lambda *_: pytest.fail("a session was opened"))
    with pytest.raises(SystemExit) as end:
        run(None, "--ds", "2020-01-31", "training.rank=2")
    assert end.value.code == 2
    assert "unknown setting training.rank; did you mean ranks?" in capsys.readouterr().err


def test_a_fault_is_told_without_the_credentials_of_a_path(run, capsys):
    def stage(night):
        raise BadData("s3a://me:hush@shop/log is empty")

    with pytest.raises(SystemExit):
        run(stage, "--ds", "2020-01-31")
    told = capsys.readouterr().err
    assert "s3a://***@shop/log is empty" in told and "hush" not in told


def test_neither_the_log_of_an_error_nor_the_stack_trace_of_a_defect_tells_a_secret(run, capsys, caplog, monkeypatch):
    monkeypatch.setattr("sys.excepthook", None)

    def stage(night):
        try:
            raise OSError("s3a://me:hush@shop/log")
        except OSError as error:
            job.log.error("read s3a://me:hush@shop", exc_info=True)
            raise ZeroDivisionError("my.password: hush") from error

    with pytest.raises(ZeroDivisionError) as defect:
        run(stage, "--ds", "2020-01-31")
    sys.excepthook(defect.type, defect.value, defect.tb)
    told = capsys.readouterr().err
    for part in ("Traceback (most recent call last)", "OSError: s3a://***@shop/log", "ZeroDivisionError: my.password: ***"):
        assert part in told
    assert "OSError: s3a://***@shop/log" in caplog.text and "hush" not in told + caplog.text


def test_a_dry_run_starts_no_stage_and_tells_on_stdout_what_it_would_do(run, capsys):
    assert run(None, "--ds", "2020-01-31", "--dry-run") == []
    assert "do_thing would run, since no run for 2020-01-31 is on record as done" in capsys.readouterr().out


def test_the_resolved_settings_are_logged_once(run, caplog):
    with caplog.at_level("INFO", logger="recsys.job"):
        run(None, "--ds", "2020-01-31", "training.ranks=3")
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("do_thing for 2020-01-31 with\n") and '"ranks": 3' in line and '"patience": 2' in line


@pytest.mark.parametrize(("arguments", "told"), [
    (["--config", "x.yaml"], "the following arguments are required: --ds"),
    (["--config", "x.yaml", "--ds", "31.1.2020"], "'31.1.2020' is not a day; write it as 2017-12-30"),
    (["--config", "x.yaml", "--ds", "2020-02-30"], "'2020-02-30' is not a day"),
    (["--config", "x.yaml", "--ds", "2020-01-01", "--model-ds", "2020-01-02"], "a model cannot come from the future"),
])
def test_wrong_arguments_say_what_is_wrong_and_exit_with_2(capsys, arguments, told):
    with pytest.raises(SystemExit) as end:
        parse_arguments(DOC, arguments)
    assert end.value.code == 2 and told in capsys.readouterr().err
