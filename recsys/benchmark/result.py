"""What a benchmark found: a file for programs, a table for people."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd

from recsys.benchmark.protocol import KINDS
from recsys.benchmark.scores import NDCG
from recsys.faults import BadSettings

_UNWRITABLE = "--out {path} cannot be written{why}. Name a file in a folder that is there and that you may write to."


def refuse_folder(path: str | Path) -> None:
    """See to it, before anything is trained, that `path` can be written.

    Raises:
        BadSettings: its folder is not there, or may not be written to.
    """
    folder = Path(path).absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK) or Path(path).is_dir():
        raise BadSettings(_UNWRITABLE.format(path=path, why=""))


def write_result(result: dict[str, Any], path: str | Path) -> None:
    """`result` as JSON at `path`, which is there as a whole or not at all.

    Raises:
        BadSettings: it cannot be written there.
    """
    partial = Path(f"{path}.partial")
    try:
        partial.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise BadSettings(_UNWRITABLE.format(path=path, why=f": {error}")) from None


def told(result: dict[str, Any]) -> str:
    """The figures of validation and test in one table, and what they took."""
    rows = {
        (part, method): {f"{name} {kind.replace('_', ' ')}": figure for kind in KINDS for name, figure in kinds[kind].items()}
        for part in ("validation", "test") for method, kinds in result[part].items()
    }
    table = pd.DataFrame.from_dict(rows, orient="index").to_string(float_format="{:.4f}".format)
    kind = result["chosen_by"]["lists"]
    best = max(result["test_ndcg_above"], key=lambda floor: result["test"][floor][kind][NDCG])
    above = result["test_ndcg_above"][best][kind]
    seconds, peak = result["seconds"], result["memory"]["training"]["peak_bytes"] / 2**30
    return (
        f"{table}\nOf the test, {kind.replace('_', ' ')}, the model's {NDCG} less that of {best}: {above['difference']:+.4f}, 95 % interval "
        f"{above['low']:+.4f} to {above['high']:+.4f} (bootstrap over users).\n{result['users']['test']:,} users, {result['products']:,} "
        f"products. Best epoch {result['best_epoch']} of {len(result['history'])}; {seconds['training']:.0f} s of training, "
        f"{result['targets_per_second']:,} targets a second, {peak:.1f} GiB at most."
    )
