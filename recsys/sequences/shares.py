"""How the files of a table are dealt out to training ranks."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

from recsys.lake import DataFile


def assign(files: Sequence[DataFile], ranks: int) -> list[list[DataFile]]:
    """The files of each rank: every file goes to exactly one, largest first to the rank with the fewest rows so far.

    Ties go by url and by rank, so every rank works out the same answer. With fewer files than ranks some get none.
    """
    loads = [(0, rank) for rank in range(ranks)]  # sorted, so already a heap
    shares: list[list[DataFile]] = [[] for _ in range(ranks)]
    for file in sorted(files, key=lambda file: (-file.rows, file.url)):
        held, rank = heapq.heappop(loads)
        shares[rank].append(file)
        heapq.heappush(loads, (held + file.rows, rank))
    return shares


def steps_per_epoch(assignment: Sequence[Sequence[DataFile]], batch_size: int) -> int:
    """The steps of every rank in an epoch: what the rank with most rows needs."""
    return max((math.ceil(rows_in(share) / batch_size) for share in assignment), default=0)


def rows_in(files: Sequence[DataFile]) -> int:
    return sum(file.rows for file in files)
