"""The steps of the set-up, with programs that only pretend; the whole of it is what ran before these tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2] / "conf" / "environment"


@pytest.fixture
def steps(monkeypatch):
    """The modules of the set-up by name, importable for one test."""
    monkeypatch.syspath_prepend(str(HERE))
    import delta_jars
    import horovod_wheel
    import packages
    import place
    import system

    yield {"delta_jars": delta_jars, "horovod_wheel": horovod_wheel, "packages": packages, "place": place, "system": system}
    for name in ("delta_jars", "horovod_wheel", "packages", "place", "system", "set_up"):
        sys.modules.pop(name, None)


@pytest.fixture
def java(tmp_path, monkeypatch):
    """Make `java` on the PATH one that says it is of `version`; None takes Java away."""
    def pretend(version: str | None) -> None:
        monkeypatch.delenv("JAVA_HOME", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path))
        if version:
            program = tmp_path / "java"
            program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
            program.chmod(0o755)

    return pretend


@pytest.mark.parametrize(("pins", "version"), [
    ("default", "17.0.15"), ("default", "21"), ("databricks-15.4", "1.8.0_402"), ("databricks-15.4", "17.0.2"),
])
def test_a_java_that_spark_runs_on_is_let_pass(steps, java, pins, version):
    java(version)
    steps["system"].check_java(steps["place"].Place(pins))


@pytest.mark.parametrize(("pins", "version", "told"), [
    ("default", "11.0.2", "Java 17 or 21 is needed, but .*java is 11; "),
    ("default", "1.8.0_402", "is 8; "),
    ("databricks-15.4", "21.0.1", "Java 8 or 11 or 17 is needed, but .*java is 21; "),
])
def test_a_wrong_java_is_told_in_one_line(steps, java, pins, version, told):
    java(version)
    with pytest.raises(steps["place"].CannotSetUp, match=told) as fault:
        steps["system"].check_java(steps["place"].Place(pins))
    assert "\n" not in str(fault.value)


def test_a_java_home_without_a_java_is_told_though_another_is_on_the_path(steps, java, tmp_path, monkeypatch):
    java("17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    with pytest.raises(steps["place"].CannotSetUp, match="JAVA_HOME is .*gone, but there is no .*gone/bin/java, .* unset JAVA_HOME"):
        steps["system"].check_java(steps["place"].Place("default"))


def test_everything_that_is_missing_is_named_in_one_message_with_the_command(steps, java, monkeypatch):
    java(None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(steps["place"].CannotSetUp) as fault:
        steps["system"].add_missing_packages(compiles=True)
    assert "missing: g++, make, cmake, openjdk-17-jre-headless." in str(fault.value)
    assert "sudo apt-get install -y g++ make cmake openjdk-17-jre-headless" in str(fault.value)


def test_no_compiler_is_asked_for_where_horovod_was_compiled_before(steps, java):
    java("17.0.1")
    steps["system"].add_missing_packages(compiles=False)


def test_root_gets_what_is_missing_by_apt(steps, java, tmp_path, monkeypatch):
    java("17.0.1")
    log = tmp_path / "log"
    (tmp_path / "apt-get").write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    steps["system"].add_missing_packages(compiles=True)
    assert log.read_text() == "update -q\ninstall -y -q --no-install-recommends g++ make cmake\n"


def test_a_failing_step_shows_the_end_of_what_it_said(steps, tmp_path, monkeypatch):
    place = steps["place"].Place("default")
    monkeypatch.setattr(type(place), "python", Path(sys.executable))
    with pytest.raises(steps["place"].CannotSetUp, match="failed:\nno such wheel"):
        place.run("-c", "raise SystemExit('no such wheel')")


def test_the_tree_is_seen_without_pythonpath_and_no_line_is_a_folder_for_which_venv_pack_refuses_the_environment(steps, tmp_path, monkeypatch):
    place = steps["place"].Place("default")
    monkeypatch.setattr(type(place), "site_packages", tmp_path)
    steps["packages"]._show_tree(place)
    assert all(line.startswith("import ") for line in (tmp_path / "recsys-tree.pth").read_text().splitlines())
    program = f"import site, sys; site.addsitedir({str(tmp_path)!r}); print(sys.path[-1])"
    seen = subprocess.run([sys.executable, "-I", "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert Path(seen.stdout.strip()) == HERE.parents[1], seen.stderr


def test_unknown_pins_are_told_with_those_that_there_are(steps):
    with pytest.raises(steps["place"].CannotSetUp, match="no pins 'defualt' in conf/environment; known: databricks-15.4, default"):
        steps["place"].Place("defualt").pins


def test_versions_are_read_from_the_pins_horovod_too(steps):
    pins = steps["place"].Place("default")
    assert (pins.pinned("horovod"), pins.pinned("delta-spark")) == ("0.28.1", "4.0.1")


def test_only_the_file_that_needs_missing_headers_is_left_out_of_horovod(steps, tmp_path):
    listing = tmp_path / "CMakeLists.txt"
    listing.write_text('list(APPEND SOURCES\n  "mpi_ops.cc"\n  "xla_mpi_ops.cc"\n  "other.cc")\n')
    steps["horovod_wheel"]._leave_out_xla(listing)
    assert listing.read_text() == 'list(APPEND SOURCES\n  "mpi_ops.cc"\n  "other.cc")\n'


def test_a_jar_loses_the_group_that_ivy_puts_before_its_name(steps):
    assert steps["delta_jars"]._artifact(Path("io.delta_delta-spark_2.13-4.0.1.jar")) == "delta-spark_2.13-4.0.1.jar"


def test_a_half_made_wheel_of_a_killed_set_up_is_swept_away_and_a_kept_one_stays(steps, tmp_path, monkeypatch):
    monkeypatch.setattr(steps["place"], "CACHE", tmp_path)
    (tmp_path / "building-x1").mkdir()
    (tmp_path / "horovod-1").mkdir()
    steps["place"].sweep()
    assert [path.name for path in tmp_path.iterdir()] == ["horovod-1"]


def test_an_environment_is_ready_only_with_the_stamp_of_these_pins_and_scripts(steps, tmp_path, monkeypatch):
    import set_up

    place = steps["place"].Place("default")
    monkeypatch.setattr(type(place), "venv", tmp_path)
    assert not set_up._is_ready(place)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    place.stamp.write_text(set_up._wanted(place))
    assert set_up._is_ready(place)
    place.stamp.write_text(set_up._wanted(place).replace("3.11", "3.12"))
    assert not set_up._is_ready(place)


def test_a_wrong_python_is_told_in_one_line(tmp_path):
    pretend = "import sys; sys.version_info = (3, 9, 1, 'final', 0); import runpy; runpy.run_path(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", pretend, str(HERE / "set_up.py")], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("set-up: Python 3.11 is needed, but ") and "is 3.9.1;" in done.stderr and done.stderr.count("\n") == 1
