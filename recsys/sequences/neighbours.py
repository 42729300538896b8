"""Which products come near each other in histories, counted over all events that a split may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.faults import BadData
from recsys.lake import Lake
from recsys.models.follows import BACKWARD, REACH, UNIT, UNITS, Follows, leading, most_counted
from recsys.sequences.arrow import lists_of
from recsys.sequences.trends import lately_of
from recsys.sequences.vocabulary import newcomers_of
from recsys.split import PUSH, in_history, in_passes
from recsys.tables import LIKENESSES, NEIGHBOURS, Table

_SEEN_BY, _LATER, _EARLIER, _UNITS, _LOW, _HIGH = "seen_by", "later", "earlier", "units", "low", "high"
OTHER = "other"
_AT_ONCE = 2_000_000  # pairs that a worker puts in order at a time
_SCHEMA = f"{c.ITEM_INDEX} int, {c.ITEMS} array<int>, {c.COUNTS} array<float>, {c.SPLIT} string"


def neighbours(
    events: DataFrame, splits: Sequence[str], vocabulary: DataFrame, kept: int, ds: date, model_ds: date, every: int = 1
) -> DataFrame:
    """The rows of `neighbours`: of every product the `kept` others with the highest counts, ties by the smaller index.

    Two events of one user that lie d apart, up to `REACH`, in the order (event_time, event_id), count 1/√d for the
    later product as a neighbour of the earlier, and `BACKWARD` of that the other way round, in every split that may look at
    both. In a random split d counts the events of its history alone. A product without any neighbour has no row.

    All splits but random ones are counted at once. Every event meets `REACH` others, whoever's it is, so the work grows
    with the events; then two rows travel for each pair of products that ever met.

    Args:
        events: from `with_role`, of behaviours that enter sequences.
        model_ds: the day of `vocabulary`.
        every: count for the products of this sample only.
    """
    counted = in_passes(events, splits, lambda some, of: _in_one_pass(some, of, vocabulary, kept, every))
    return counted.withColumns({c.MODEL_DAY: F.lit(model_ds), c.DAY: F.lit(ds)}).select(*NEIGHBOURS.columns)


def _in_one_pass(events: DataFrame, splits: Sequence[str], vocabulary: DataFrame, kept: int, every: int) -> DataFrame:
    """The neighbours in `splits`, the history of each being the beginning of the next one's."""
    pairs = _pairs(events, splits, vocabulary).where(sampled(_EARLIER, every) | sampled(_LATER, every))
    counted = _counted(pairs, splits)
    ways = F.array(_counts_of(_LOW, _HIGH, "up", "down", splits), _counts_of(_HIGH, _LOW, "down", "up", splits))
    return most_beside(counted.select(F.inline(ways)), splits, kept, every)


def most_beside(beside: DataFrame, splits: Sequence[str], kept: int, every: int) -> DataFrame:
    """One row [item_index, items, counts, split] for each product of the sample and split: the `kept` others that count most beside it.

    Args:
        beside: one row for each product and another: [item_index, other, a count for each of `splits`].
    """
    by_product = beside.where(sampled(c.ITEM_INDEX, every)).repartition(F.col(c.ITEM_INDEX))
    return by_product.mapInArrow(leaders(splits, kept), _SCHEMA)


def sampled(product: str, every: int) -> Column:
    """Whether the product of that column is one of the sample 1, 1 + every, 1 + 2 * every, …"""
    return (F.col(product) - 1) % every == 0


def _pairs(events: DataFrame, splits: Sequence[str], vocabulary: DataFrame) -> DataFrame:
    """One row for each two events of different products near each other: the products, the splits that see both as bits, and 1/√d in units."""
    seen_by = sum((F.when(in_history(split), 1 << bit).otherwise(0) for bit, split in enumerate(splits)), F.lit(0))
    known = events.join(F.broadcast(vocabulary.select(c.ITEM, c.ITEM_INDEX)), on=c.ITEM, how="inner")
    placed = known.select(c.USER, c.TIME, c.EVENT_ID, c.ITEM_INDEX, seen_by.alias(_SEEN_BY))
    in_order = Window.partitionBy(c.USER).orderBy(c.TIME, c.EVENT_ID)

    def before(apart: int) -> Column:
        earlier, seen = (F.lag(name, apart).over(in_order) for name in (c.ITEM_INDEX, _SEEN_BY))
        return F.struct(earlier.alias(_EARLIER), F.col(_SEEN_BY).bitwiseAND(seen).alias(_SEEN_BY), F.lit(UNITS[apart - 1]).alias(_UNITS))

    met = [before(apart).alias(f"{_EARLIER}_{apart}") for apart in range(1, REACH + 1)]
    beside = placed.select(F.col(c.ITEM_INDEX).alias(_LATER), *met)
    pairs = beside.select(_LATER, F.inline(F.array(*(f"{_EARLIER}_{apart}" for apart in range(1, REACH + 1)))))
    return pairs.where((F.col(_EARLIER) != F.col(_LATER)) & (F.col(_SEEN_BY) > 0))


def _counted(pairs: DataFrame, splits: Sequence[str]) -> DataFrame:
    """One row for each two products that met, `low` and `high`: by split the units in which `high` came later (up), or earlier (down)."""
    rises = F.col(_EARLIER) < F.col(_LATER)
    sums = [
        F.sum(F.when(met & (F.col(_SEEN_BY).bitwiseAND(1 << bit) > 0), F.col(_UNITS).cast("bigint")).otherwise(0)).alias(f"{name}_{split}")
        for bit, split in enumerate(splits) for name, met in (("up", rises), ("down", ~rises))
    ]
    return pairs.groupBy(F.least(_EARLIER, _LATER).alias(_LOW), F.greatest(_EARLIER, _LATER).alias(_HIGH)).agg(*sums)


def _counts_of(product: str, other: str, forward: str, backward: str, splits: Sequence[str]) -> Column:
    """A product, another, and what that one counts as its neighbour in each split."""
    counts = [((F.col(f"{forward}_{split}") + BACKWARD * F.col(f"{backward}_{split}")) / UNIT).alias(split) for split in splits]
    return F.struct(F.col(product).alias(c.ITEM_INDEX), F.col(other).alias(OTHER), *counts)


def leaders(splits: Sequence[str], kept: int, at_once: int = _AT_ONCE) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """From all pairs of some products to the rows of these products; of the pairs `at_once` are held, and those that lead so far."""
    def best(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        leading_by = dict.fromkeys(splits, (np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0)))
        for pairs in _parts(batches, at_once):
            for split in splits:
                met = pairs[split] > 0
                more = (pairs[name][met] for name in (c.ITEM_INDEX, OTHER, split))
                *leading_by[split], _ = leading(*map(np.concatenate, zip(leading_by[split], more)), kept)
        for split in splits:
            products, items, counts = most_counted(*leading_by[split], kept)
            yield pa.RecordBatch.from_arrays(
                [pa.array(products.astype(np.int32)), lists_of(items), lists_of(counts), pa.array([split] * len(products), pa.string())],
                names=[c.ITEM_INDEX, c.ITEMS, c.COUNTS, c.SPLIT],
            )

    return best


def _parts(batches: Iterable[pa.RecordBatch], at_once: int) -> Iterator[dict[str, np.ndarray]]:
    """The columns of `batches`, put together to parts of at least `at_once` rows, but for the last."""
    held, rows = [], 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows >= at_once:
            yield _columns(held)
            held, rows = [], 0
    if held:
        yield _columns(held)


def _columns(batches: list[pa.RecordBatch]) -> dict[str, np.ndarray]:
    return {name: array.to_numpy() for name, array in zip(batches[0].schema.names, pa.Table.from_batches(batches).columns)}


def follows_of(lake: Lake, ds: date, split: str, products: int) -> Follows:
    """The neighbours, likenesses and trends of one day and split as arrays, on the driver: they grow with products only, like the model.

    There are none where no two products ever met, as in a log of one product. With split push, newcomers are named.

    Args:
        products: how many are numbered in the split.

    Raises:
        BadData: the rows number more of them.
    """
    near, alike = (_counted_in(lake, table, ds, split, products) for table in (NEIGHBOURS, LIKENESSES))
    return replace(near, alike=alike, lately=lately_of(lake, ds, split, products), newcomers=newcomers_of(lake, ds) if split == PUSH else ())


def _counted_in(lake: Lake, table: Table, ds: date, split: str, products: int) -> Follows:
    rows = lake.read(table).where((F.col(c.DAY) == F.lit(ds)) & (F.col(c.SPLIT) == split))
    found = rows.select(c.ITEM_INDEX, c.ITEMS, c.COUNTS).toPandas()
    if found[c.ITEM_INDEX].max() > products:  # not so where there are no rows
        raise BadData(
            f"The table {table.name} of {ds} numbers products up to {found[c.ITEM_INDEX].max()}, the model knows {products}: it was made with the "
            f"vocabulary of another day. Run jobs/build_sequences.py --ds {ds} with the --model-ds of this run."
        )
    return Follows.of_rows(found[c.ITEM_INDEX].to_numpy(), found[c.ITEMS].tolist(), found[c.COUNTS].tolist(), products)
