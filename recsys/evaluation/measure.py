"""Lists to sums: every metric, at every length, in every slice and bootstrap replicate, in one pass over users."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.method import Keep
from recsys.evaluation import metrics, outcomes, rates, slices
from recsys.evaluation.bootstrap import Sums, weights
from recsys.evaluation.cells import liking_cells, list_cells
from recsys.evaluation.listing import DRAW, Listing, listings
from recsys.evaluation.trial import Trial
from recsys.settings import EvaluationSettings

_LISTED, _SUMS, _BUNDLE = "listed", "sums", "bundle"
_BUNDLES = 32  # of partitions, whose sums are added up first


@dataclass(frozen=True)
class Tally:
    """What the lists of one method come to; nothing in it grows with users."""

    slices: dict[str, Sums]  # the cells are `cells(lengths)`, for repeated and new targets the first of them
    listed: tuple[int, ...]  # distinct products in the first k places of all lists together, by length
    places: tuple[int, ...]  # filled among the first k of all lists together, by length
    own: tuple[int, ...]  # of these, filled by the method itself


@dataclass(frozen=True)
class Yardstick:
    """What every method's lists are held against; prepared once, used for all."""

    people: DataFrame  # [user_id, segment, events, targets, repeated]
    outcomes: DataFrame  # [user_id, item_id, outcome]
    products: DataFrame  # [item_id, information, category]: a row for each product of the history
    catalogue: int  # products of the history
    measurable: tuple[str, ...]  # rates that the log can tell of
    settings: EvaluationSettings

    def tally(self, lists: DataFrame, own: DataFrame) -> Tally:
        """Mark `lists` [user_id, item_id, rank]; ranks from 1, products distinct.

        Args:
            own: the lists as the method made them, before they were completed.
        """
        settings, measurable = self.settings, self.measurable

        def sums(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            parts = (_sums(part, settings, measurable) for batch in batches for part in listings(batch, max(settings.list_lengths)))
            merged = reduce(_merged, parts, {})
            blobs = pa.array([pickle.dumps(found) for found in merged.values()], pa.binary())
            yield pa.record_batch([pa.array(list(merged), pa.string()), blobs], [c.SLICE, _SUMS])

        parts = self._beside(lists).mapInArrow(sums, f"{c.SLICE} string, {_SUMS} binary")
        merged = by_slice(parts).collect()
        return Tally({row[c.SLICE]: pickle.loads(row[_SUMS]) for row in merged}, *self._places(lists, own))

    def _beside(self, lists: DataFrame) -> DataFrame:
        place = F.struct(
            c.RANK, F.coalesce(c.OUTCOME, F.lit(0)).alias(c.OUTCOME), F.coalesce(c.INFORMATION, F.lit(0.0)).alias(c.INFORMATION),
            F.coalesce(c.CATEGORY, F.lit(metrics.NO_CATEGORY)).alias(c.CATEGORY),
        )
        known = lists.join(self.outcomes, on=[c.USER, c.ITEM], how="left").join(self.products, on=c.ITEM, how="left")
        by_user = known.groupBy(c.USER).agg(F.array_sort(F.collect_list(place)).alias(_LISTED))
        draw = F.xxhash64(F.lit(self.settings.seed), F.col(c.USER)).alias(DRAW)
        return self.people.join(by_user, on=c.USER, how="left").select(
            draw, c.SEGMENT, c.EVENTS, c.TARGETS, c.REPEATED,
            *(F.col(_LISTED)[name].alias(name) for name in (c.OUTCOME, c.INFORMATION, c.CATEGORY)),
        )

    def _places(self, lists: DataFrame, own: DataFrame) -> list[tuple[int, ...]]:
        first = lists.groupBy(c.ITEM).agg(F.min(c.RANK).alias(c.RANK))
        up_to = [F.count_if(F.col(c.RANK) <= k) for k in self.settings.list_lengths]
        return [tuple(places.agg(*up_to).first()) for places in (first, lists, own)]


def yardstick(trial: Trial, segments: DataFrame, products: DataFrame, settings: EvaluationSettings, keep: Keep) -> Yardstick:
    """What lists are held against on `trial`.

    Args:
        segments: [user_id, segment], by the history of the trial.
        products: [item_id, category]; the category of a product may be null, and products may be missing.
        keep: holds what every method's lists are joined with.
    """
    done = keep(outcomes.outcomes(trial, settings.praise))
    known = keep(_informed(trial, products))
    return Yardstick(
        keep(slices.people(trial, done, segments)), done, known, known.count(), rates.measurable(trial), settings
    )


def _informed(trial: Trial, products: DataFrame) -> DataFrame:
    """Every product of the history with −log2 of the share of users who touched it, and its category as a number."""
    users = trial.history.agg(F.count_distinct(c.USER).alias(c.USERS))
    touched = trial.history.groupBy(c.ITEM).agg(F.count_distinct(c.USER).alias(c.ROWS)).crossJoin(F.broadcast(users))
    names = products.where(F.col(c.CATEGORY).isNotNull())
    # Categories only have to be told apart: 31 bits of a hash do that, with a rare chance that two are taken for one.
    number = F.pmod(F.xxhash64(c.CATEGORY), F.lit(2**31)).cast("int").alias(c.CATEGORY)
    return touched.join(names.select(c.ITEM, number), on=c.ITEM, how="left").select(
        c.ITEM, (-F.log2(F.col(c.ROWS) / F.col(c.USERS))).alias(c.INFORMATION), c.CATEGORY
    )


def _sums(rows: Listing, settings: EvaluationSettings, measurable: Sequence[str]) -> dict[str, Sums]:
    counts = weights(rows.draw, settings.replicates)
    numerator, denominator = list_cells(rows, settings.list_lengths, measurable)
    found = {
        name: Sums.of(numerator[inside], denominator[inside], counts[inside])
        for name, inside in slices.user_slices(rows.segment, rows.events, settings.few_events)
    }
    before = (rows.outcome & outcomes.REPEATED) > 0
    for name, hits, targets in (
        (slices.REPEATED_TARGETS, before, rows.repeated),
        (slices.NEW_TARGETS, ((rows.outcome & outcomes.LIKED) > 0) & ~before, rows.targets - rows.repeated),
    ):
        if targets.any():
            found[name] = Sums.of(*liking_cells(hits, targets, settings.list_lengths), counts)
    return found


def _merged(left: dict[str, Sums], right: dict[str, Sums]) -> dict[str, Sums]:
    return left | {name: left[name].merge(sums) if name in left else sums for name, sums in right.items()}


def by_slice(parts: DataFrame) -> DataFrame:
    """The sums of all partitions as one for each slice: [slice, sums], as `parts`.

    Those of one partition take about a megabyte, and all of a slice would go to one worker: so they are added up in bundles first.
    """
    bundled = parts.withColumn(_BUNDLE, F.pmod(F.spark_partition_id(), F.lit(_BUNDLES)))
    added = bundled.groupBy(c.SLICE, _BUNDLE).applyInPandas(_added, parts.schema)
    return added.groupBy(c.SLICE).applyInPandas(_added, parts.schema)


def _added(parts: pd.DataFrame) -> pd.DataFrame:
    """The parts of one slice as one."""
    total = reduce(Sums.merge, map(pickle.loads, parts[_SUMS]))
    return pd.DataFrame({c.SLICE: [parts[c.SLICE].iloc[0]], _SUMS: [pickle.dumps(total)]})
