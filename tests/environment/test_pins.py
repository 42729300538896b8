import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PINS = sorted((ROOT / "conf" / "environment").glob("*.txt"))


def pinned(path: Path) -> dict[str, str]:
    lines = [line.removeprefix("#: ").split("#")[0].strip() for line in path.read_text().splitlines()]
    return {name.lower().replace("_", "-"): version for name, _, version in (line.partition("==") for line in lines if line)}


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
def test_every_package_is_pinned_to_one_version_and_named_once(path):
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    named = [line for line in lines if line]
    assert named and all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9A-Za-z.]*", line) for line in named)
    assert len(pinned(path)) == len(named) + 1  # Horovod stands in a comment, for it is compiled apart


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
def test_pins_lie_within_the_ranges_that_setup_py_declares(path):
    declared = re.findall(r'"([A-Za-z_]+[<>=!][^"]*)"', (ROOT / "setup.py").read_text().split("install_requires")[1])
    pins = pinned(path) | {"tensorflow": pinned(path)["tensorflow-cpu"]}
    for requirement in map(Requirement, declared):
        assert requirement.specifier.contains(Version(pins[requirement.name.lower().replace("_", "-")])), requirement


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
def test_what_petastorm_rules_out_is_not_pinned(path):
    pins = pinned(path)
    assert Version(pins["pyarrow"]) < Version("15") and Version(pins["numpy"]) < Version("2") and Version(pins["setuptools"]) < Version("70")


def test_no_file_of_the_set_up_names_a_registry():
    for path in [ROOT / "Makefile", *(ROOT / "conf" / "environment").iterdir()]:
        if path.is_file():
            assert "://" not in path.read_text(), path
