"""Whether a model is asked as it learned: before lists are made, what its inputs were made with is held against its manifest."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, Row

from recsys import columns as c
from recsys.faults import BadData
from recsys.lake import Lake
from recsys.settings import SequenceSettings
from recsys.tables import NORMALIZER, SEGMENT_CENTROIDS, VOCABULARY
from recsys.training.artifact import ITEMS, listed, read_manifest
from recsys.training.assemble import bounds, centres, product_ids


def refuse_other_inputs(folder: str | Path, lake: Lake, model_ds: date, sequences: SequenceSettings) -> None:
    """See to it that what was fitted on `model_ds` is, as it stands in the lake, what the model in `folder` learned with.

    Raises:
        BadData: it is not, so the model would be asked with other numbers than it knows.
    """
    refuse_other_products(folder, lake.read_day(VOCABULARY, model_ds), sequences)
    refuse_other_users(folder, *(lake.read_day(table, model_ds).collect() for table in (NORMALIZER, SEGMENT_CENTROIDS)))


def refuse_other_products(folder: str | Path, vocabulary: DataFrame, sequences: SequenceSettings) -> None:
    """See to it that the model in `folder` numbers products as `vocabulary` does, and reads windows as `sequences` makes them.

    Raises:
        BadData: it was trained before that day of the vocabulary was made anew, or windows have other widths or hold other behaviours by
            now, or fewer neighbours or likenesses are counted than it looks at. What an older manifest does not say passes.
    """
    manifest = read_manifest(folder)
    saved = manifest.get("checksums", {}).get(ITEMS)
    if saved and saved != hashlib.sha256(listed(product_ids(vocabulary.select(c.ITEM, c.ITEM_INDEX).collect())).encode()).hexdigest():
        raise BadData(
            f"The model {folder} numbers other products than the table {VOCABULARY.name} of {manifest.get('model_ds')}: jobs/build_sequences.py has made that "
            f"table anew since it was trained, and its lists would name wrong products. Run jobs/train_model.py --ds {manifest.get('model_ds')}, then this again."
        )
    shape = manifest.get("shape", {})
    for name, now in (("length", sequences.length), ("memory", sequences.memory)):
        if shape.get(name, now) != now:
            raise BadData(
                f"The model {folder} was trained with sequences.{name} = {shape[name]}, and the settings now say {now}. Set it back, or train a model with it."
            )
    learned = manifest.get("settings", {}).get("sequences", {}).get("behaviours", sequences.behaviours)
    if set(learned) != set(sequences.behaviours):
        raise BadData(
            f"The model {folder} was trained with sequences.behaviours = {list(learned)}, and the settings now say {list(sequences.behaviours)}. "
            "Set them back, or train a model with these."
        )
    for name, counted in (("neighbours", sequences.neighbours), ("likenesses", sequences.likenesses)):
        looked_at = manifest.get("definition", {}).get(name, 0)
        if looked_at > counted:
            raise BadData(
                f"The model {folder} looks at {looked_at} {name} of a product, and sequences.{name} = {counted} are counted. "
                "Raise that and run jobs/build_sequences.py again, or train a model that looks at fewer."
            )


def refuse_other_users(folder: str | Path, normalizer: Sequence[Row], centroids: Sequence[Row]) -> None:
    """See to it that users are described to the model in `folder` as they were when it learned.

    Args:
        normalizer, centroids: rows of the tables `normalizer` and `segment_centroids` of its day.

    Raises:
        BadData: one of them was made anew since, and says something else. What an older manifest does not say passes.
    """
    manifest = read_manifest(folder)
    for table, learned, now in (
        (NORMALIZER, _values(manifest.get("normalizer")), _values(bounds(normalizer))), (SEGMENT_CENTROIDS, manifest.get("centroids"), centres(centroids)),
        (SEGMENT_CENTROIDS, manifest.get("segments"), len(centroids)),
    ):
        if learned is not None and not _close(learned, now):
            raise BadData(
                f"The model {folder} learned from users as another table {table.name} of {manifest.get('model_ds')} describes them: jobs/{table.made_by}.py has "
                f"made that table anew since. Run jobs/train_model.py --ds {manifest.get('model_ds')}, then this again."
            )


def _values(normalizer: Sequence[dict[str, Any]] | None) -> list[list] | None:
    return normalizer and [[row.get(name) for name in NORMALIZER.columns if name != c.DAY] for row in normalizer]


def _close(learned: Any, now: Any) -> bool:
    """Whether both say the same, but for the last digits of sums, which depend on the order of the rows."""
    if isinstance(learned, list) and isinstance(now, list):
        return len(learned) == len(now) and all(map(_close, learned, now))
    both = isinstance(learned, float) and isinstance(now, float)
    return math.isclose(learned, now, rel_tol=1e-6, abs_tol=1e-9) if both else learned == now
