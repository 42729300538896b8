"""Horovod has no wheel: compile it once against the pinned TensorFlow, and keep the wheel in the user's cache."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import time
from pathlib import Path

from place import CACHE, CannotSetUp, Place, machine

_BUILD = {
    "HOROVOD_WITH_TENSORFLOW": "1", "HOROVOD_WITHOUT_PYTORCH": "1", "HOROVOD_WITHOUT_MXNET": "1",
    "HOROVOD_WITH_GLOO": "1", "HOROVOD_WITHOUT_MPI": "1",
    "CMAKE_POLICY_VERSION_MINIMUM": "3.5",  # cmake 4 refuses the bundled Gloo otherwise
    "CXXFLAGS": "-include cstdint",  # so do newer compilers, which no longer include it by themselves
}
_PROVE = "import horovod.tensorflow as hvd; hvd.init(); assert hvd.size() == 1 and hvd.gloo_built()"
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}


def is_kept(place: Place) -> bool:
    return _kept(place) is not None


def install(place: Place) -> None:
    """Install the kept wheel, or compile one; a kept wheel that does not import is compiled anew."""
    kept = _kept(place)
    if kept is not None:
        try:
            _install_and_prove(place, kept)
            return
        except CannotSetUp:
            place.say(f"the kept Horovod in {kept.parent} does not load here; compiling it anew")
            shutil.rmtree(kept.parent)
    _compile(place)


def _folder(place: Place) -> Path:
    parts = [f"horovod-{place.pinned('horovod')}", f"tensorflow-{place.pinned('tensorflow-cpu')}", "python-3.11", machine()]
    return CACHE / "-".join(parts)


def _kept(place: Place) -> Path | None:
    return next(_folder(place).glob("*.whl"), None)


def _install_and_prove(place: Place, wheel: Path) -> None:
    place.run("-m", "pip", "install", "--no-deps", "--force-reinstall", str(wheel))
    place.run("-c", _PROVE, timeout=300, **_QUIET)


def _compile(place: Place) -> None:
    place.say("compiling Horovod for this TensorFlow, once on this machine: 2 to 6 minutes")
    started = time.monotonic()
    log = CACHE / "horovod-build.log"
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="building-") as scratch:
        source = _source(place, Path(scratch))
        wheels = Path(scratch) / "wheels"
        place.run(
            "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-cache-dir", "--verbose", "-w", str(wheels),
            str(source), log=log, **_BUILD, MAKEFLAGS=f"-j{_jobs()}",
        )
        wheel = next(wheels.glob("*.whl"))
        _install_and_prove(place, wheel)
        shutil.rmtree(_folder(place), ignore_errors=True)
        wheels.rename(_folder(place))  # only a wheel that loads is kept, and whole or not at all
    place.say(f"Horovod compiled in {time.monotonic() - started:.0f} s")


def _jobs() -> int:
    """One compiler for each core, but not more than memory holds: TensorFlow's headers take up to 2 GB each."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(os.cpu_count() or 1, memory // 2**31))


def _source(place: Place, scratch: Path) -> Path:
    version = place.pinned("horovod")
    place.run(
        "-m", "pip", "download", "--no-binary", "horovod", "--no-deps", "--no-build-isolation", "-d", str(scratch),
        f"horovod=={version}",
    )
    with tarfile.open(next(scratch.glob("horovod-*.tar.gz"))) as archive:
        archive.extractall(scratch)
    source = scratch / f"horovod-{version}"
    if _minor(place.pinned("tensorflow-cpu")) >= (2, 17):
        _leave_out_xla(source / "horovod" / "tensorflow" / "CMakeLists.txt")
    return source


def _leave_out_xla(listing: Path) -> None:
    """This one file needs headers that TensorFlow stopped shipping, and only XLA on GPUs needs the file."""
    lines = listing.read_text().splitlines(keepends=True)
    listing.write_text("".join(line for line in lines if "xla_mpi_ops.cc" not in line))


def _minor(version: str) -> tuple[int, int]:
    major, minor, *_ = version.split(".")
    return int(major), int(minor)
