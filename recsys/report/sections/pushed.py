"""What was pushed: the headline, and a few users' lists beside what they last bought."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from functools import reduce
from operator import and_
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.evaluation.slices import ALL
from recsys.faults import MissingTable
from recsys.night import Night
from recsys.report import facts, words
from recsys.report.page import Block, Grid, Pair, Text
from recsys.report.sections.learning import Values, evaluated, latest, methods, near, pushed_model
from recsys.report.trials.numbers import interval
from recsys.report.trials.verdicts import AHEAD, BEHIND, FEW, OPEN, UNKNOWN, verdict
from recsys.split import TEST

_RELATION = {
    AHEAD: "ahead of", BEHIND: "BEHIND", OPEN: "not shown to differ from", FEW: "beside, for too few users to tell more,",
    UNKNOWN: "beside, and whether by more than chance is not known,",
}


def headline(night: Night) -> Sequence[Block]:
    """The first screen: what was pushed, how good that is, and a small table."""
    blocks: list[Block] = [Text(_what(night))]
    try:
        return blocks + _how_good(night)
    except MissingTable:
        return [*blocks, Text("How good these lists are is not known: the methods were not compared on that day's model.")]


def _what(night: Night) -> str:
    pushes = night.lake.read_day(t.PUSHES, night.ds)
    sizes = facts.rows(facts.list_sizes(pushes))[0]
    parts = {row[c.ORIGIN]: row[c.ROWS] / sizes[c.ROWS] for row in facts.rows(facts.origins(pushes))}
    length = f"{sizes[facts.LAST]} each" if sizes[facts.FIRST] == sizes[facts.LAST] else (
        f"between {sizes[facts.FIRST]} and {sizes[facts.LAST]} each, since for some no more products may be pushed"
    )
    made = words.listing([f"{words.share(part)} {words.origin(name)}" for name, part in parts.items()])
    return (
        f"{words.count(sizes[c.ROWS])} pushes to {words.count(sizes[c.USERS])} users, {length}, out of {words.count(sizes[c.ITEMS])} "
        f"different products: {made}."
    )


def _how_good(night: Night) -> list[Block]:
    values, day = evaluated(night)
    length = near(values, night.settings.pushes.n)
    model = pushed_model(night)
    names = methods(values, "f1", length, model)
    shown = ("f1", "hit_rate", "ndcg")
    lines = [
        [
            words.method(name),
            *(words.figure(values[name, m, length]) if (name, m, length) in values else None for m in shown),
            _times(values, model, name, length),
        ]
        for name in names
    ]
    heads = ["method", *(f"{words.metric(m)}@{length}" for m in shown), "the model has"]
    caption = "On events that no method had seen. Last column: how many times this F1."
    grid = Grid(heads, lines, caption, [place for place, name in enumerate(names) if name == model])
    return [Text(_verdict(night, values, day, model, [name for name in names if name != model], length)), grid]


def _verdict(night: Night, values: Values, day: date, model: str | None, controls: list[str], length: int) -> str:
    """The comparison in words; `controls` best first."""
    if (model, "f1", length) not in values or not controls:
        return "The model and the simple methods were not compared side by side for this day."
    best, period = controls[0], words.judged_on(night.settings.split, day)
    ours, theirs = values[model, "f1", length], values[best, "f1", length]
    gap = _gap(night, model, best, length)
    said = f"Tested on {period}, lists of {length} by the model are {_RELATION[verdict(gap)]} the best other method, {words.method(best)}: "
    said += f"F1 {words.figure(ours)} against {words.figure(theirs)}" + (f", {ours / theirs:.2f} times as much" if theirs else "")
    said += f" (95 % interval of the difference {interval(gap, '+.4f')})." if gap else "."
    hits = values.get((model, "hit_rate", length))
    if hits is None:
        return said
    return f"{said} At least one product of the model's list was liked in that time by {words.share(hits)} of the users."


def _gap(night: Night, model: str | None, other: str, length: int) -> dict[str, Any] | None:
    """The row of `comparisons` of the model's F1 against that of `other`."""
    try:
        found, _ = latest(night, t.COMPARISONS)
    except MissingTable:
        return None
    same = {c.METHOD: model, c.AGAINST: other, c.SPLIT: TEST, c.SLICE: ALL, c.METRIC: "f1", c.LIST_LENGTH: length}
    return next(iter(facts.rows(found.where(reduce(and_, (F.col(name) == value for name, value in same.items()))))), None)


def _times(values: Values, model: str | None, other: str, length: int) -> str | None:
    """The model's F1 as a multiple of that of `other`."""
    ours, theirs = values.get((model, "f1", length)), values.get((other, "f1", length))
    return f"{ours / theirs:.2f} ×" if ours is not None and theirs else None


def who_got_what(night: Night) -> Sequence[Block]:
    pushes = night.lake.read_day(t.PUSHES, night.ds)
    found = facts.rows(facts.origins(pushes))
    origins = [[words.origin(row[c.ORIGIN]), row[c.ROWS], row[c.USERS], row[c.ITEMS]] for row in found]
    return [Grid(["pushed because", "pushes", "users", "different products"], origins), Text(_ORDER), *_samples(night, pushes)]


_ORDER = (
    "A list begins with the model's products; where the model knows too little of a user, it is filled up with what is popular in "
    "the user's segment, then overall, then with the rest of the catalogue by name. The score is the model's probability, or for "
    "popular products the share of recently active users who chose them: the two do not compare."
)


def _samples(night: Night, pushes: DataFrame) -> list[Pair]:
    users = facts.sample(pushes, night.settings.report.sample_users, night.settings.report.seed)
    events = night.lake.read(t.EVENTS).where(F.col(c.DAY) <= F.lit(night.ds))
    past, ahead, made = defaultdict(list), defaultdict(list), defaultdict(Counter)
    for row in facts.rows(facts.last_events(events, users, night.lake.read_day(t.PRODUCTS, night.ds), night.settings.pushes.n)):
        past[row[c.USER]].append([row[c.DAY], row[c.NAME] or row[c.ITEM], _price(row[c.PRICE]), row[c.BEHAVIOUR]])
    for row in facts.rows(pushes.join(F.broadcast(users), on=c.USER, how="inner").orderBy(c.USER, c.RANK)):
        ahead[row[c.USER]].append([row[c.RANK], row[c.NAME], _price(row[c.PRICE])])
        made[row[c.USER]][words.origin(row[c.ORIGIN])] += 1
    return [
        Pair(
            f"User {user}", "Pushed: " + words.listing([f"{number} {origin}" for origin, number in made[user].items()]) + ".",
            Grid(["day", "product", "price", "what"], past[user], "What they last bought, then what they only touched, each newest first"),
            Grid(["rank", "product", "price"], ahead[user], "What is pushed to them"),
        )
        for user in sorted(ahead)
    ]


def _price(price: float | None) -> str | None:
    return None if price is None else words.price(price)
