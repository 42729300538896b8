"""What is freed and asked for again costs the system nothing, once a process keeps its memory."""

import ctypes
import subprocess
import sys

import pytest

_AGAIN = """
import resource, sys
import numpy as np
from recsys.allocation import keep_memory

if sys.argv[1] == "kept":
    keep_memory()

def filled():
    for _ in range(3):
        np.empty(50_000_000, np.uint8).fill(1)

filled()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
filled()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _pages_cleared(how: str) -> int:
    """By the system, while a process fills three arrays of 50 MB one after the other, not for the first time."""
    return int(subprocess.run([sys.executable, "-c", _AGAIN, how], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
def test_a_process_that_keeps_its_memory_takes_none_anew_for_arrays_like_those_it_freed():
    assert _pages_cleared("kept") < 20 < _pages_cleared("as it comes")
