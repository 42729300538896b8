"""What the operating system must bring: Java, a compiler, cmake, and Python's own venv."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from place import CannotSetUp, Place

_JAVA_OF_SPARK = {"3": (8, 11, 17), "4": (17, 21)}  # by Spark's major version, as its documentation lists them
_COMPILING = {"g++": "g++", "make": "make", "cmake": "cmake"}  # command → Debian package
_JAVA_PACKAGES = ("openjdk-17-jre-headless", "openjdk-21-jre-headless")  # Debian 13 no longer has 17


def check_java(place: Place) -> None:
    """A wrong Java is said at once; a missing one is left to `add_missing_packages`."""
    java = _java()
    if java is None:
        if place.stamp.exists():
            raise CannotSetUp(f"Java is gone since the set-up; install it again: {_apt([_JAVA_PACKAGES[0]])}")
        return
    version = _java_version(java)
    allowed = _JAVA_OF_SPARK[place.pinned("pyspark").split(".")[0]]
    if version not in allowed:
        raise CannotSetUp(
            f"Java {' or '.join(map(str, allowed))} is needed, but {java} is {version or 'of unknown version'}; "
            "install openjdk-17-jre-headless and point JAVA_HOME to it."
        )


def add_missing_packages(compiles: bool) -> None:
    """Install what is missing where this is root on Debian or Ubuntu, else name all of it in one message."""
    missing = [package for command, package in _COMPILING.items() if compiles and not shutil.which(command)]
    if importlib.util.find_spec("ensurepip") is None:
        missing.append("python3.11-venv")
    no_java = _java() is None
    if not missing and not no_java:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        named = missing + [_JAVA_PACKAGES[0]] * no_java
        raise CannotSetUp(f"these system packages are missing: {', '.join(named)}. Install them and run this again:\n  {_apt(named)}")
    print("set-up: installing missing system packages with apt-get", flush=True)
    _apt_get("update", "-q")
    if no_java:
        missing.append(_available_java())
    _apt_get("install", "-y", "-q", "--no-install-recommends", *missing)


def _java() -> str | None:
    """The Java that Spark will start: that of JAVA_HOME, which it starts whether or not it is there, else the first on the PATH."""
    home = os.environ.get("JAVA_HOME")
    if not home:
        return shutil.which("java")
    java = Path(home) / "bin" / "java"
    if not java.exists():
        raise CannotSetUp(f"JAVA_HOME is {home}, but there is no {java}, and Spark would start it; unset JAVA_HOME or point it to a Java that is there.")
    return str(java)


def _java_version(java: str) -> int | None:
    said = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', said)  # Java 8 calls itself 1.8
    return int(found[1]) if found else None


def _available_java() -> str:
    for package in _JAVA_PACKAGES:
        known = subprocess.run(["apt-cache", "show", package], capture_output=True)
        if known.returncode == 0 and known.stdout:
            return package
    return _JAVA_PACKAGES[0]


def _apt(packages: list[str]) -> str:
    return f"sudo apt-get update && sudo apt-get install -y {' '.join(packages)}"


def _apt_get(*arguments: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", *arguments], env=environment, capture_output=True, text=True, errors="replace")
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
        raise CannotSetUp(f"`apt-get {' '.join(arguments)}` failed:\n{tail}")
