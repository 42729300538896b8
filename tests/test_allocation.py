"""What is freed and asked for again costs the system nothing, once a process keeps its memory."""

import ctypes
import subprocess
import sys

import pytest

_AGAIN = """
import resource, sys
import numpy as np
from recsys.allocation import keep_memory

if sys.argv[1] != "as it comes":
    keep_memory(None if sys.argv[1] == "all" else int(sys.argv[1]))

def filled():
    arrays = [np.empty(int(sys.argv[2]), np.uint8) for _ in range(3)]
    for array in arrays:
        array.fill(1)

filled()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
filled()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _pages_cleared(kept: str, size: int) -> int:
    """By the system, while a process fills three arrays of `size` bytes, not for the first time."""
    return int(subprocess.run([sys.executable, "-c", _AGAIN, kept, str(size)], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
@pytest.mark.parametrize(("kept", "size"), [("all", 50_000_000), (str(2**26), 20_000_000)])
def test_a_process_that_keeps_its_memory_takes_none_anew_for_arrays_like_those_it_freed(kept, size):
    assert _pages_cleared(kept, size) < 20 < _pages_cleared("as it comes", size)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
def test_of_memory_that_is_kept_up_to_a_bound_no_more_stays():
    assert _pages_cleared(str(2**26), 70_000_000) > 20
