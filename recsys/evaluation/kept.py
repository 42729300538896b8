"""Frames held in memory or on disk while a comparison needs them."""

from __future__ import annotations

from pyspark.sql import DataFrame


class Kept:
    """Computes and holds every frame it is called with, until `release`."""

    def __init__(self) -> None:
        self._frames: list[DataFrame] = []

    def __call__(self, frame: DataFrame) -> DataFrame:
        held = frame.persist()
        self._frames.append(held)
        held.count()
        return held

    def release(self) -> None:
        while self._frames:
            self._frames.pop().unpersist()
