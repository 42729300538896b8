"""Set up the virtual environment of this project: `python3.11 conf/environment/set_up.py [pins]`.

`pins` names a file beside this one (default: `default`). Everything is built once: the second call compares
a stamp and returns. What takes long to make (a compiled Horovod, Delta's jars) is kept in the user's cache,
outside the tree, for other checkouts. An environment without a stamp is an unfinished one and is made anew,
so an interrupted set-up is mended by running it again.
"""

import sys

if sys.version_info[:2] != (3, 11):
    sys.exit(
        "set-up: Python 3.11 is needed, but {} is {}.{}.{}; install python3.11 and add PYTHON=/path/to/python3.11.".format(
            sys.executable, *sys.version_info[:3]
        )
    )

import argparse
import hashlib
import time
from pathlib import Path

import delta_jars
import horovod_wheel
import packages
import system
from place import HERE, ROOT, CannotSetUp, Place, locked, sweep


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pins", nargs="?", default="default", help="which pins: the name of a file beside this one")
    place = Place(parser.parse_args().pins)
    try:
        system.check_java(place)
        if not _is_ready(place):
            with locked():
                _build(place)
    except CannotSetUp as fault:
        sys.exit(f"set-up: {fault}")


def _build(place: Place) -> None:
    if _is_ready(place):  # another set-up finished while this one waited
        return
    started = time.monotonic()
    place.say(f"setting up {place.venv.name} once, from {place.pins.relative_to(ROOT)}")
    sweep()
    system.add_missing_packages(compiles=not horovod_wheel.is_kept(place))
    packages.make_venv(place)
    packages.install(place)
    horovod_wheel.install(place)
    delta_jars.install(place)
    place.stamp.write_text(_wanted(place))
    place.say(f"ready after {time.monotonic() - started:.0f} s")


def _is_ready(place: Place) -> bool:
    return place.python.exists() and place.stamp.exists() and place.stamp.read_text() == _wanted(place)


def _wanted(place: Place) -> str:
    """What the environment is made from; a change of any of it makes it anew."""
    sources = [place.pins, *sorted(HERE.glob("*.py")), *sorted(HERE.glob("*.properties"))]
    digest = hashlib.sha256(b"".join(Path(source).read_bytes() for source in sources)).hexdigest()
    return f"{sys.version.split()[0]} {ROOT} {digest}\n"


if __name__ == "__main__":
    main()
