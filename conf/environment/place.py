"""Where things are: the tree, the virtual environment, the user's cache; and how a step is run."""

from __future__ import annotations

import fcntl
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "recsys"
# These would make pip install elsewhere than in the new environment, or Python look there.
_MISLEADING = ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIREMENT", "SPARK_HOME")


class CannotSetUp(Exception):
    """Something only the user can mend; the message says what and how."""


@dataclass(frozen=True)
class Place:
    """The virtual environment of one set of pins."""

    name: str

    @property
    def pins(self) -> Path:
        path = HERE / f"{self.name}.txt"
        if not path.exists():
            known = ", ".join(sorted(file.stem for file in HERE.glob("*.txt")))
            raise CannotSetUp(f"there are no pins '{self.name}' in conf/environment; known: {known}.")
        return path

    @property
    def venv(self) -> Path:
        return ROOT / (".venv" if self.name == "default" else f".venv-{self.name}")

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.venv / "set-up.stamp"

    @property
    def site_packages(self) -> Path:
        return self.venv / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"

    def pinned(self, package: str) -> str:
        """The version of `package` in the pins."""
        found = re.search(rf"^(?:#: )?{re.escape(package)}==(\S+)", self.pins.read_text(), re.MULTILINE)
        if found is None:
            raise CannotSetUp(f"{self.pins} must pin {package}==VERSION.")
        return found[1]

    def say(self, message: str) -> None:
        print(f"set-up: {message}", flush=True)

    def run(self, *arguments: str, log: Path | None = None, timeout: float | None = None, **variables: str) -> None:
        """Run this environment's Python with `arguments`; its output goes to `log` or is shown when it fails."""
        environment = {key: value for key, value in os.environ.items() if key not in _MISLEADING}
        environment.setdefault("PIP_DEFAULT_TIMEOUT", "60")
        environment.setdefault("PIP_RETRIES", "8")
        environment |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
        environment |= {"PATH": f"{self.python.parent}{os.pathsep}{environment.get('PATH', '')}"} | variables
        try:
            done = subprocess.run(
                [str(self.python), *arguments], env=environment, timeout=timeout, text=True, errors="replace",
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
        except subprocess.TimeoutExpired as slow:
            raise CannotSetUp(f"`{' '.join(arguments)[:200]}` gave no end within {timeout:.0f} s; run this again.") from slow
        if log:
            log.write_text(done.stdout)
        if done.returncode:
            tail = "\n".join(done.stdout.splitlines()[-15:])
            raise CannotSetUp(f"`{' '.join(arguments)[:200]}` failed:\n{tail}\n" + (f"All of it is in {log}." if log else ""))


def machine() -> str:
    """This platform and its C library, for what is compiled."""
    return f"{sysconfig.get_platform()}-{'-'.join(platform.libc_ver())}"


def sweep() -> None:
    """Remove what a killed set-up left half-made in the cache."""
    for left in [*CACHE.glob("building-*"), *CACHE.glob("resolving-*")]:
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def locked() -> Iterator[None]:
    """One set-up at a time for this user, so that two checkouts never write the cache together."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("set-up: another set-up is at work; waiting for it", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
