"""The users' attributes, which of them say the same, and the segments made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.job import Night
from recsys.report import facts, words
from recsys.report.figures import bars, curve_of_k, heat_map
from recsys.report.page import Block, Grid, Picture, Text
from recsys.split import PUSH
from recsys.users.normalizer import LOG

_TELLING = 10  # attributes in the table of what distinguishes segments
_NAMED = 3  # of these, in words for each segment


def correlated(night: Night) -> Sequence[Block]:
    pairs = facts.rows(night.lake.read_day(t.CORRELATIONS, night.model_ds))
    dropped = {pair[name] for pair in pairs for name, kept in ((c.ATTRIBUTE_A, c.KEPT_A), (c.ATTRIBUTE_B, c.KEPT_B)) if not pair[kept]}
    constant = {name for pair in pairs if pair[c.CORRELATION] is None for name in (pair[c.ATTRIBUTE_A], pair[c.ATTRIBUTE_B])} & dropped
    names = [name for name in _in_order(pairs) if name not in constant]
    threshold = night.settings.attributes.correlation_threshold
    merged = [pair for pair in pairs if pair[c.CORRELATION] is not None and round(abs(pair[c.CORRELATION]), 12) >= threshold]
    merged.sort(key=lambda pair: -abs(pair[c.CORRELATION]))
    said = f"Two attributes with a correlation of {threshold} or more, in either direction, say the same; the earlier stands for both. "
    said += f"{len(_in_order(pairs)) - len(dropped)} of {len(_in_order(pairs))} attributes were kept."
    if constant:
        said += f" The same for all users, and so dropped: {words.listing([words.plain(name) for name in sorted(constant)])}."
    places = {name: place for place, name in enumerate(names)}
    ringed = [(places[pair[c.ATTRIBUTE_B]], places[pair[c.ATTRIBUTE_A]]) for pair in merged]
    picture = Picture(
        heat_map([words.plain(name) for name in names], _matrix(pairs, places), ringed),
        f"Heat map of the correlations of {len(names)} attributes; {len(merged)} pairs reach the threshold and are listed below.",
        "Pearson correlation of the users' attributes in the training period. Framed: pairs at or over the threshold.",
    )
    lines = [
        [words.plain(pair[c.ATTRIBUTE_A]), words.plain(pair[c.ATTRIBUTE_B]), f"{pair[c.CORRELATION]:.3f}", words.plain(pair[c.DECISION])]
        for pair in merged
    ]
    return [Text(said), picture, Grid(["attribute", "and", "correlation", "decision"], lines, "Attributes that say the same.")]


def _in_order(pairs: list[dict[str, Any]]) -> list[str]:
    """All attributes in the order of the pairs: whoever is first in more pairs comes earlier."""
    first = [pair[c.ATTRIBUTE_A] for pair in pairs]
    every = {pair[name] for pair in pairs for name in (c.ATTRIBUTE_A, c.ATTRIBUTE_B)}
    return sorted(every, key=lambda name: (-first.count(name), name))


def _matrix(pairs: list[dict[str, Any]], places: dict[str, int]) -> np.ndarray:
    values = np.full((len(places), len(places)), np.nan)
    for pair in pairs:
        a, b = places.get(pair[c.ATTRIBUTE_A]), places.get(pair[c.ATTRIBUTE_B])
        if a is not None and b is not None and pair[c.CORRELATION] is not None:
            values[b, a] = pair[c.CORRELATION]
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
    members = night.lake.read_day(t.SEGMENTS, night.ds).where(F.col(c.SPLIT) == PUSH)
    sizes = {row[c.SEGMENT]: row["count"] for row in facts.rows(members.groupBy(c.SEGMENT).count())}
    centres = facts.rows(night.lake.read_day(t.SEGMENT_CENTROIDS, night.model_ds).orderBy(c.SEGMENT))
    bounds = facts.rows(night.lake.read_day(t.NORMALIZER, night.model_ds).orderBy(c.POSITION))
    names = [f"segment {row[c.SEGMENT]}" for row in centres]
    counts = [sizes.get(row[c.SEGMENT], 0) for row in centres]
    picture = Picture(
        bars(names, counts, "users"),
        f"Bar chart of users by segment: {words.listing([f'{name} {words.count(size)}' for name, size in zip(names, counts)])}.",
        f"Users in each segment by their history up to {night.ds}.",
    )
    return [picture, *_what_distinguishes(centres, bounds, names)]


def _what_distinguishes(centres: list[dict], bounds: list[dict], names: list[str]) -> list[Block]:
    places = np.array([row[c.CENTROID] for row in centres], dtype=float)
    middle = np.average(places, axis=0, weights=[max(row[c.SIZE], 1) for row in centres])
    apart = places - middle
    telling = np.argsort(-np.abs(apart).max(axis=0), kind="stable")[:_TELLING]
    lines = [
        [words.plain(bounds[at][c.ATTRIBUTE]), *(_figure(raw(place[at], bounds[at])) for place in places), _figure(raw(middle[at], bounds[at]))]
        for at in telling
    ]
    said = [Text(f"{name[:1].upper()}{name[1:]}: {_in_words(apart[row], bounds)}.") for row, name in enumerate(names)]
    grid = Grid(["a typical user's", *names, "all"], lines, "The attributes that tell the segments apart most, at the centre of each segment.")
    return [*said, grid]


def _in_words(apart: np.ndarray, bounds: list[dict]) -> str:
    strongest = np.argsort(-np.abs(apart), kind="stable")[:_NAMED]
    return words.listing([f"{'high' if apart[at] > 0 else 'low'} {words.plain(bounds[at][c.ATTRIBUTE])}" for at in strongest])


def raw(place: float, bounds: dict[str, Any]) -> float:
    """The value of an attribute that the normaliser puts at `place` between 0 and 1: eq. (4) backwards."""
    low, high = bounds[c.MINIMUM], bounds[c.MAXIMUM]
    if bounds[c.TRANSFORM] == LOG:
        return float(np.expm1(np.log1p(low) + place * (np.log1p(high) - np.log1p(low))))
    return low + place * (high - low)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
