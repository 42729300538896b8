"""Several hosts on one machine: each has a network, a name, processes and a disk of its own.

A host is a process that holds namespaces; ending it ends all that runs on the host, and takes its end of the
cable with it. The hosts hang on this process: when it dies, however it dies, they die with it, and nothing is left.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import psutil

_COMMANDS = ("ip", "unshare", "nsenter", "setpriv", "mount")
_SWITCH = "switch"
_DISK_MB = 600  # of each host, for what Spark keeps locally; it takes memory only as far as it is filled


class CannotTest(Exception):
    """The machine lacks something that the cluster needs; the message says what to do."""


def permitted() -> str | None:
    """Why namespaces cannot be made here; None where they can."""
    missing = [command for command in _COMMANDS if not shutil.which(command)]
    if missing:
        return f"{', '.join(missing)} missing: install iproute2, util-linux and mount"
    tried = subprocess.run(["unshare", "--net", "--uts", "--mount", "--pid", "--fork", "true"], capture_output=True, text=True)
    return tried.stderr.strip() or None if tried.returncode else None


class Namespaces:
    """Hosts joined by a bridge, in namespaces of the kernel; `folder` holds their files."""

    apart = True

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        self.folder = folder
        self._addresses = {name: f"10.77.0.{number}" for number, name in enumerate(names, start=1)}
        self._holders: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> Namespaces:
        self.folder.mkdir(parents=True, exist_ok=True)
        names = "".join(f"{address} {name}\n" for name, address in self._addresses.items())
        (self.folder / "hosts").write_text(f"127.0.0.1 localhost\n{names}", encoding="utf-8")
        try:
            self._hold(_SWITCH)
            self._inside(_SWITCH, "ip", "link", "add", "bridge", "type", "bridge")
            self._inside(_SWITCH, "ip", "link", "set", "bridge", "up")
            for name in self._addresses:
                self._hold(name)
                self._plug_in(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for holder in reversed(self._holders.values()):
            holder.kill()
            holder.wait()
        self._holders.clear()

    def _hold(self, name: str) -> None:
        hold = f"hostname {name} && mount --bind {self.folder}/hosts /etc/hosts && ip link set lo up && exec sleep infinity"
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--uts", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child"]
        self._holders[name] = subprocess.Popen([*command, "sh", "-c", hold], start_new_session=True)
        deadline = time.monotonic() + 10
        while not self._ready(name):
            if time.monotonic() > deadline or self._holders[name].poll() is not None:
                raise CannotTest(f"The host {name} did not start.")
            time.sleep(0.02)

    def _ready(self, name: str) -> bool:
        children = psutil.Process(self._holders[name].pid).children()
        return bool(children) and children[0].name() == "sleep"

    def _first(self, name: str) -> int:
        """The first process on the host, as this machine numbers it."""
        return psutil.Process(self._holders[name].pid).children()[0].pid

    def _plug_in(self, name: str) -> None:
        here, there = self._first(name), self._first(_SWITCH)
        _run("ip", "link", "add", "eth0", "netns", str(here), "type", "veth", "peer", "name", name, "netns", str(there))
        self._inside(_SWITCH, "ip", "link", "set", "dev", name, "master", "bridge", "up")
        self._inside(name, "ip", "address", "add", f"{self._addresses[name]}/24", "dev", "eth0")
        self._inside(name, "ip", "link", "set", "eth0", "up")
        _run(*self._enter(name), "mkdir", "-p", str(self.disk(name)))
        self._inside(name, "mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m", "none", str(self.disk(name)))

    def _enter(self, name: str) -> list[str]:
        return ["nsenter", "-t", str(self._first(name)), "--net", "--uts", "--mount", "--pid", "--"]

    def _inside(self, name: str, *command: str) -> None:
        _run(*self._enter(name), *command)

    def address(self, name: str) -> str:
        return self._addresses[name]

    def disk(self, name: str) -> Path:
        """Where the host keeps what no other host sees."""
        return self.folder / "disks" / name

    def start(self, name: str, command: Sequence[str], environment: dict[str, str], output: IO) -> subprocess.Popen:
        """Start `command` on the host."""
        return subprocess.Popen(
            [*self._enter(name), "env", "-C", str(self.folder), *command], env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )

    def ask(self, name: str, *command: str) -> str:
        """What `command` says on the host; nothing where it fails."""
        return subprocess.run([*self._enter(name), *command], capture_output=True, text=True).stdout

    def cut(self, name: str) -> None:
        """Pull the cable out at the switch: nothing arrives any more, and nobody is told."""
        self._inside(_SWITCH, "ip", "link", "set", "dev", name, "down")

    def join(self, name: str) -> None:
        self._inside(_SWITCH, "ip", "link", "set", "dev", name, "up")

    def fill_disk(self, name: str) -> bool:
        """Write to the host's own disk until nothing more goes in. Returns whether it came to that."""
        return "No space left" in self.ask(name, "env", "LC_ALL=C", "sh", "-c", f"cat /dev/zero 2>&1 > {self.disk(name)}/filled")

    def empty_disk(self, name: str) -> None:
        self._inside(name, "rm", "-f", f"{self.disk(name)}/filled")


class Loopback:
    """What is left where namespaces are not permitted: addresses of their own on one host."""

    apart = False

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        self.folder = folder
        self._addresses = {name: f"127.0.0.{number}" for number, name in enumerate(names, start=2)}
        self._started: list[subprocess.Popen] = []

    def __enter__(self) -> Loopback:
        for name in self._addresses:
            self.disk(name).mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            kill_all(process)

    def address(self, name: str) -> str:
        return self._addresses[name]

    def disk(self, name: str) -> Path:
        return self.folder / "disks" / name

    def start(self, name: str, command: Sequence[str], environment: dict[str, str], output: IO) -> subprocess.Popen:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        self._started.append(process)
        return process

    def ask(self, name: str, *command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True).stdout


def family(process: subprocess.Popen) -> list[psutil.Process]:
    """A process and all that it started, as far as they still live."""
    try:
        head = psutil.Process(process.pid)
        return [head, *head.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill_all(process: subprocess.Popen) -> None:
    """SIGKILL for a process and all that it started, stopped first so that none starts another."""
    for act in (psutil.Process.suspend, psutil.Process.kill):
        for member in family(process):
            try:
                act(member)
            except psutil.NoSuchProcess:
                continue
    process.wait()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise CannotTest(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
