"""The second half of the gate: all that was fitted follows from the training period alone, and is so again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyspark.sql import DataFrame, Row, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.sequences.timeline import EPOCH_DAY, epoch_day
from recsys.users.attributes import ATTRIBUTES, count_of
from recsys.users.correlation import correlations
from recsys.users.moments import Moments
from recsys.users.segments import assign

_EXPECTED, _COUNTED = "expected", "counted"
_CLOSE = 1e-9  # between two sums of the same numbers in another order
_UNSURE = 0.01  # share of users that may lie between two centroids


def wrong_vocabulary(vocabulary: DataFrame, expected: DataFrame) -> Row | None:
    """A product of `vocabulary` that is not in `expected`, numbered from the training history, with these very counts."""
    return _first_unlike(vocabulary, expected, [c.ITEM, c.ITEM_INDEX, c.EVENTS, c.USERS], [c.ITEM_INDEX])


def wrong_neighbours(found: DataFrame, expected: DataFrame) -> Row | None:
    """A product of `found`, rows of `neighbours` or `likenesses`, that has not these very neighbours in `expected`, counted from the histories."""
    return _first_unlike(found, expected, [c.SPLIT, c.ITEM_INDEX, c.ITEMS, c.COUNTS], [c.SPLIT, c.ITEM_INDEX])


def wrong_trends(found: DataFrame, expected: DataFrame) -> Row | None:
    """A product of `found`, rows of the table `trends`, that not so many users chose lately in `expected`, counted from the histories."""
    return _first_unlike(found, expected, [c.SPLIT, c.ITEM_INDEX, c.USERS], [c.SPLIT, c.ITEM_INDEX])


def _first_unlike(found: DataFrame, expected: DataFrame, names: Sequence[str], by: Sequence[str]) -> Row | None:
    """The first row of `found` in the order `by` that is not in `expected`; only the columns `names` count."""
    return found.select(*names).exceptAll(expected.select(*names)).orderBy(*by).first()


def wrong_counts(features: DataFrame, events: DataFrame) -> Row | None:
    """A user of `features` with more or fewer behaviours of a kind than `events` hold.

    Args:
        features: rows of `user_features` of some splits.
        events: the histories of these splits, told apart by the column `split`, without returns.
    """
    kinds = [behaviour for behaviour in c.BEHAVIOUR_ORDER if count_of(behaviour) in features.columns]
    counted = events.groupBy(c.USER, c.SPLIT).agg(
        *(F.count_if(F.col(c.BEHAVIOUR) == kind).cast("double").alias(f"{_COUNTED}_{kind}") for kind in kinds)
    )
    beside = features.join(counted, on=[c.USER, c.SPLIT], how="left")
    wrong = [~F.col(count_of(kind)).eqNullSafe(F.col(f"{_COUNTED}_{kind}")) for kind in kinds]
    shown = [name for kind in kinds for name in (count_of(kind), f"{_COUNTED}_{kind}")]
    return beside.where(F.greatest(*wrong, F.lit(False))).select(c.USER, c.SPLIT, *shown).orderBy(c.USER, c.SPLIT).first()


def attributes_in(pairs: Iterable[Row]) -> list[str]:
    """The attributes that the table `correlations` speaks of, in their order."""
    named = {pair[name] for pair in pairs for name in (c.ATTRIBUTE_A, c.ATTRIBUTE_B)}
    return [name for name in ATTRIBUTES if name in named]


def wrong_bounds(normalizer: Iterable[Row], found: Moments, attributes: Sequence[str]) -> Row | None:
    """An attribute of the table `normalizer` whose extremes are not those that `found` has for the training period."""
    extremes = dict(zip(attributes, zip(found.minimum, found.maximum)))
    return next((row for row in normalizer if (row[c.MINIMUM], row[c.MAXIMUM]) != extremes.get(row[c.ATTRIBUTE])), None)


def wrong_correlation(pairs: Iterable[Row], found: Moments, attributes: Sequence[str], threshold: float) -> Row | None:
    """A pair of the table `correlations` that `found` correlates otherwise, or keeps otherwise."""
    expected = {(pair.attribute_a, pair.attribute_b): pair for pair in correlations(found, attributes, threshold)}
    for pair in pairs:
        other = expected.get((pair[c.ATTRIBUTE_A], pair[c.ATTRIBUTE_B]))
        if other is None or (pair[c.KEPT_A], pair[c.KEPT_B]) != (other.kept_a, other.kept_b) or not _close(pair[c.CORRELATION], other.correlation):
            return pair
    return None


def wrong_size(centroids: Sequence[Row], points: DataFrame) -> Row | None:
    """A segment with more or fewer users than lie nearest to it among `points`, the normalised training users."""
    sizes = {row[c.SEGMENT]: row["count"] for row in assign(points, centroids).groupBy(c.SEGMENT).count().collect()}
    users = sum(sizes.values())
    off = [row for row in centroids if abs(row[c.SIZE] - sizes.get(row[c.SEGMENT], 0)) > _UNSURE * users]
    return centroids[0] if not off and sum(row[c.SIZE] for row in centroids) != users else next(iter(off), None)


def wrong_segment(segments: DataFrame, centroids: Sequence[Row], points: DataFrame) -> Row | None:
    """A user of `segments` whose segment is not the one nearest to the user's attributes in `points`."""
    expected = assign(points, centroids).select(c.USER, c.SPLIT, F.col(c.SEGMENT).alias(_EXPECTED))
    beside = segments.join(expected, on=[c.USER, c.SPLIT], how="left")
    return beside.where(~F.col(c.SEGMENT).eqNullSafe(F.col(_EXPECTED))).select(c.USER, c.SPLIT, c.SEGMENT, _EXPECTED).orderBy(c.USER).first()


def wrong_input(sequences: DataFrame, history: DataFrame, vocabulary: DataFrame, length: int) -> Row | None:
    """A user whose row of `sequences` is not made of the last products of the user's `history`, in its order.

    Args:
        sequences: one row a user and split.
        history: events that may enter a sequence, told apart by the column `split`; equal times are ordered by `event_id`.
    """
    known = history.join(F.broadcast(vocabulary.select(c.ITEM, c.ITEM_INDEX)), on=c.ITEM, how="inner")
    latest_first = Window.partitionBy(c.USER, c.SPLIT).orderBy(F.desc(c.TIME), F.desc(c.EVENT_ID))
    last = known.withColumn(c.RANK, F.row_number().over(latest_first)).where(F.col(c.RANK) <= length)
    newest_last = F.sort_array(F.collect_list(F.struct((-F.col(c.RANK)).alias(c.RANK), c.ITEM_INDEX)))[c.ITEM_INDEX]
    beside = sequences.join(last.groupBy(c.USER, c.SPLIT).agg(newest_last.alias(_EXPECTED)), on=[c.USER, c.SPLIT], how="left")
    held = F.slice(c.ITEMS, 1, F.col(c.LENGTH)).alias(c.ITEMS)
    # A user of whom only the memory is known has no event in the window, and no expectation either.
    same = F.coalesce(F.col(_EXPECTED), F.array().cast("array<int>")) == F.slice(c.ITEMS, 1, F.col(c.LENGTH))
    return beside.where(~same).select(c.USER, c.SPLIT, held, _EXPECTED).orderBy(c.USER, c.SPLIT).first()


def wrong_place(sequences: DataFrame, history: DataFrame, vocabulary: DataFrame) -> Row | None:
    """A product in a window, or remembered beside it, that its user did not have on that day of the `history` of that split.

    Args:
        sequences: any windows of users and splits.
        history: as in `wrong_input`.
    """
    place = f"array<struct<{c.ITEM_INDEX}:int,{EPOCH_DAY}:int>>"
    held = F.concat(*(F.arrays_zip(items, days).cast(place) for items, days in ((c.ITEMS, c.DAYS), (c.MEMORY_ITEMS, c.MEMORY_DAYS))))
    places = sequences.select(c.USER, c.SPLIT, c.WINDOW, F.inline(held)).where(F.col(c.ITEM_INDEX) > 0)
    known = history.join(F.broadcast(vocabulary.select(c.ITEM, c.ITEM_INDEX)), on=c.ITEM, how="inner").withColumn(EPOCH_DAY, epoch_day(F.col(c.DAY)))
    unknown = places.join(known, on=[c.USER, c.SPLIT, c.ITEM_INDEX, EPOCH_DAY], how="left_anti")
    return unknown.orderBy(c.USER, c.SPLIT, c.WINDOW, EPOCH_DAY, c.ITEM_INDEX).first()


def _close(one: float | None, other: float | None) -> bool:
    return one == other if one is None or other is None else abs(one - other) <= _CLOSE
