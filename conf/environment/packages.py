"""The virtual environment and the pinned packages in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

from place import HERE, ROOT, CannotSetUp, Place


def make_venv(place: Place) -> None:
    """An empty environment: packages of an interrupted installation look installed, but may lack files."""
    if place.venv.exists():
        place.stamp.unlink(missing_ok=True)
        shutil.rmtree(place.venv)
    # Called from within an environment, its own base makes the new one: an environment cannot empty itself.
    base = getattr(sys, "_base_executable", sys.executable)
    made = subprocess.run([base, "-m", "venv", str(place.venv)], capture_output=True, text=True)
    if made.returncode:
        raise CannotSetUp(f"`{base} -m venv` failed:\n{(made.stdout + made.stderr).strip()}")


def install(place: Place) -> None:
    place.say("installing the pinned packages; the first time downloads about 1 GB")
    started = time.monotonic()
    place.run("-m", "pip", "install", "-r", str(place.pins))
    _show_tree(place)
    _quieten_spark(place)
    place.say(f"packages installed in {time.monotonic() - started:.0f} s")


def _show_tree(place: Place) -> None:
    """Jobs see the working tree without PYTHONPATH. It is a line of code, since venv-pack refuses one that names a folder elsewhere."""
    (place.site_packages / "recsys-tree.pth").write_text(f"import sys; sys.path.append({str(ROOT)!r})\n")


def _quieten_spark(place: Place) -> None:
    """Errors only on the console: the jobs' own lines are what a reader looks for."""
    folder = place.site_packages / "pyspark" / "conf"
    folder.mkdir(exist_ok=True)
    shutil.copy(HERE / "log4j2.properties", folder)
