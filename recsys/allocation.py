"""How a process that computes keeps the memory it has had."""

from __future__ import annotations

import ctypes

# malloc.h of glibc
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_NEVER = 2**31 - 1


def keep_memory(most: int | None = None) -> None:
    """From now on what is freed stays with this process, for its next arrays. To be called before threads are started.

    Args:
        most: bytes that stay at most, for a process that computes little and waits long; single arrays up to half of it. None for all.

    As it comes, the C library gives large arrays back to the system when they are freed, and takes them from it anew a
    moment later. The system clears every page each time: of a training step with the complete softmax that was a quarter.
    All threads share one heap, since those of their own hold no array above 64 MB. Elsewhere than on glibc it does nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    everything = ((_TRIM_THRESHOLD, _NEVER), (_MMAP_THRESHOLD, _NEVER), (_ARENA_MAX, 1))
    for parameter, value in everything if most is None else ((_TRIM_THRESHOLD, most), (_MMAP_THRESHOLD, most // 2)):
        mallopt(parameter, value)
