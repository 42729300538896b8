"""The users' attributes, which of them say the same, and the segments made of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from pyspark.sql import DataFrame, Row

from recsys import columns as c
from recsys import tables as t
from recsys.night import Night
from recsys.report import facts, words
from recsys.report.figures import bars, curve_of_k, heat_map
from recsys.report.page import Block, Grid, Picture, Text
from recsys.split import PUSH
from recsys.users.normalizer import LOG, normalise
from recsys.users.profile import DIFFERENCE, MEAN, OVERALL, segment_profiles

_TELLING = 10  # attributes in the table of what distinguishes segments
_NAMED = 3  # of these, in words for each segment


def correlated(night: Night) -> Sequence[Block]:
    pairs = facts.rows(night.lake.read_day(t.CORRELATIONS, night.model_ds))
    measured = [pair for pair in pairs if pair[c.CORRELATION] is not None]
    threshold = night.settings.attributes.correlation_threshold
    merged = sorted(
        (pair for pair in measured if abs(pair[c.CORRELATION]) >= threshold), key=lambda pair: -abs(pair[c.CORRELATION])
    )
    every = _in_order(pairs)
    varying = [name for name in every if any(name in (pair[c.ATTRIBUTE_A], pair[c.ATTRIBUTE_B]) for pair in measured)]
    blocks: list[Block] = [Text(_kept(pairs, every, varying, threshold))]
    if not varying:
        return blocks
    lines = [
        [*(words.attribute(pair[name]) for name in (c.ATTRIBUTE_A, c.ATTRIBUTE_B)), f"{pair[c.CORRELATION]:.3f}", _decision(pair[c.DECISION])]
        for pair in merged
    ]
    return [*blocks, _map(measured, merged, varying), Grid(["attribute", "and", "correlation", "decision"], lines, "Attributes that say the same.")]


def _kept(pairs: list[dict[str, Any]], every: list[str], varying: list[str], threshold: float) -> str:
    sides = ((c.ATTRIBUTE_A, c.KEPT_A), (c.ATTRIBUTE_B, c.KEPT_B))
    kept = {pair[name] for pair in pairs for name, flag in sides if pair[flag]}
    said = f"Two attributes with a correlation of {threshold} or more, in either direction, say the same; the earlier stands for both. "
    said += f"{len(kept)} of {len(every)} attributes were kept."
    constant = [words.attribute(name) for name in every if name not in varying]
    return said + (f" The same for all users, and so dropped: {words.listing(constant)}." if constant else "")


def _map(measured: list[dict[str, Any]], merged: list[dict[str, Any]], names: list[str]) -> Picture:
    places = {name: place for place, name in enumerate(names)}
    ringed = [(places[pair[c.ATTRIBUTE_B]], places[pair[c.ATTRIBUTE_A]]) for pair in merged]
    return Picture(
        heat_map([words.attribute(name) for name in names], _matrix(measured, places), ringed),
        f"Heat map of the correlations of {len(names)} attributes; {len(merged)} pairs reach the threshold and are listed below.",
        "Pearson correlation of the users' attributes in the training period. Framed: pairs at or over the threshold.",
        wide=True,
    )


def _decision(decision: str) -> str:
    """The decision with the attributes in words."""
    return re.sub(r"[a-z]+(_[a-z]+)+", lambda found: words.attribute(found[0]), decision)


def _in_order(pairs: list[dict[str, Any]]) -> list[str]:
    """All attributes in the order of the pairs: whoever is first in more pairs comes earlier."""
    first = [pair[c.ATTRIBUTE_A] for pair in pairs]
    every = {pair[name] for pair in pairs for name in (c.ATTRIBUTE_A, c.ATTRIBUTE_B)}
    return sorted(every, key=lambda name: (-first.count(name), name))


def _matrix(measured: list[dict[str, Any]], places: dict[str, int]) -> np.ndarray:
    """The lower triangle: a row for the later attribute of a pair, a column for the earlier."""
    values = np.full((len(places), len(places)), np.nan)
    for pair in measured:
        values[places[pair[c.ATTRIBUTE_B]], places[pair[c.ATTRIBUTE_A]]] = pair[c.CORRELATION]
    return values


def choice_of_k(night: Night) -> Sequence[Block]:
    curve = facts.rows(night.lake.read_day(t.SEGMENT_QUALITY, night.model_ds).orderBy(c.K))
    chosen = next(row for row in curve if row[c.CHOSEN])
    picture = Picture(
        curve_of_k(
            [row[c.K] for row in curve], [row[c.DAVIES_BOULDIN] for row in curve],
            [2 * (row[c.STANDARD_ERROR] or 0) for row in curve], chosen[c.K],
        ),
        f"Line chart of the Davies-Bouldin index for k from {curve[0][c.K]} to {curve[-1][c.K]}; it is smallest, "
        f"{chosen[c.DAVIES_BOULDIN]:.3f}, at k = {chosen[c.K]}.",
        "Davies–Bouldin index with the mean distance between all pairs of a segment, as in the paper; most libraries take the distance "
        "to the centre instead. Bars: two standard errors, where pairs were sampled.",
    )
    said = f"Users were grouped by k-means into {chosen[c.K]} segments: of the {len(curve)} numbers tried, the one with the smallest index."
    return [Text(said), picture]


def segments(night: Night) -> Sequence[Block]:
    members = night.lake.read_split(t.SEGMENTS, night.ds, PUSH)
    sizes = {row[c.SEGMENT]: row["count"] for row in facts.rows(members.groupBy(c.SEGMENT).count().orderBy(c.SEGMENT))}
    names = [f"segment {segment}" for segment in sizes]
    picture = Picture(
        bars(names, list(sizes.values()), "users"),
        f"Bar chart of users by segment: {words.listing([f'{name} {words.count(size)}' for name, size in zip(names, sizes.values())])}.",
        f"Users in each segment by their history up to {night.ds}.",
    )
    return [picture, *_what_distinguishes(night, members, list(sizes))]


def _what_distinguishes(night: Night, members: DataFrame, numbers: list[int]) -> list[Block]:
    normalizer = night.lake.read_day(t.NORMALIZER, night.model_ds).orderBy(c.POSITION).collect()
    features = night.lake.read_split(t.USER_FEATURES, night.ds, PUSH)
    attributes = [row[c.ATTRIBUTE] for row in normalizer]
    found = facts.rows(segment_profiles(normalise(features, normalizer), members, attributes, top=len(attributes)))
    means = {(row[c.SEGMENT], row[c.ATTRIBUTE]): row for row in found}
    widest = {name: max(abs(means[number, name][DIFFERENCE]) for number in numbers) for name in attributes}
    bounds = {row[c.ATTRIBUTE]: row for row in normalizer}
    lines = [
        [words.attribute(name), *(_figure(raw(means[number, name][MEAN], bounds[name])) for number in numbers),
         _figure(raw(means[numbers[0], name][OVERALL], bounds[name]))]
        for name in sorted(attributes, key=lambda name: (-widest[name], name))[:_TELLING]
    ]
    heads = ["a typical user's", *(f"segment {number}" for number in numbers), "all"]
    caption = "The attributes that tell the segments apart most. Typical: the mean on the scale that k-means saw, put back into units."
    return [*(Text(_in_words(number, found)) for number in numbers), Grid(heads, lines, caption)]


def _in_words(number: int, found: list[dict[str, Any]]) -> str:
    strongest = sorted((row for row in found if row[c.SEGMENT] == number), key=lambda row: row[c.RANK])[:_NAMED]
    told = [f"{'high' if row[DIFFERENCE] > 0 else 'low'} {words.attribute(row[c.ATTRIBUTE])}" for row in strongest]
    return f"Segment {number}: {words.listing(told)}."


def raw(place: float, bounds: Row) -> float:
    """The value of an attribute that the normaliser puts at `place` between 0 and 1: eq. (4) backwards."""
    low, high = bounds[c.MINIMUM], bounds[c.MAXIMUM]
    if bounds[c.TRANSFORM] == LOG:
        return float(np.expm1(np.log1p(low) + place * (np.log1p(high) - np.log1p(low))))
    return low + place * (high - low)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
