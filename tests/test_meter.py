"""Seconds and memory of a stage; what is measured has a process of its own, without the JVM that other tests share."""

import mmap
import os
import subprocess
import sys
import time

import pytest

from recsys.meter import gpu_bytes, metered, resident_bytes
from tests.bench.processes import in_a_process

_MEGABYTE = 2**20


def hold_for_a_moment():
    before = resident_bytes()
    with metered(every=0.01) as meter:
        with mmap.mmap(-1, 80 * _MEGABYTE) as held:  # the system's own: a heap that kept such an array would not grow for it
            held.write(b"\1" * len(held))
            time.sleep(0.1)
    return before, meter


def start_a_child_that_holds():
    child = "import sys; held = b'1' * (80 * 2**20); print('ready', flush=True); sys.stdin.read()"
    with metered(every=0.01) as meter:
        with subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
            started.stdout.readline()
            time.sleep(0.1)
            started.stdin.close()
    return meter


def test_what_a_stage_held_and_let_go_again_is_seen_in_its_peak():
    before, meter = in_a_process(hold_for_a_moment)
    assert meter.seconds >= 0.1
    assert 70 * _MEGABYTE < meter.added_bytes < 200 * _MEGABYTE
    assert meter.peak_bytes >= before + 70 * _MEGABYTE


def test_the_memory_of_processes_that_a_stage_starts_counts():
    assert in_a_process(start_a_child_that_holds).added_bytes > 70 * _MEGABYTE


@pytest.mark.parametrize(("told", "expected"), [
    ("{pid}, 512\n1, 4096", 512 * _MEGABYTE), ("", 0), ("1, 4096", None), ("{pid}, [N/A]", None),
], ids=["ours and another's", "idle", "other names", "amounts hidden"])
def test_memory_on_cards_is_that_of_our_processes_as_far_as_the_driver_tells(tmp_path, monkeypatch, told, expected):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\ncat <<END\n{told.format(pid=os.getpid())}\nEND\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert gpu_bytes() == expected


def test_without_a_driver_there_is_no_memory_on_cards(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert gpu_bytes() is None
