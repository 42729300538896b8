"""The end of a run as plain text: a few users' pushes beside what they last bought, the evaluation, and where everything is."""

from __future__ import annotations

from collections import defaultdict
from itertools import zip_longest

from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.faults import MissingTable, visible
from recsys.night import Night
from recsys.paths import absolute
from recsys.report import facts, words
from recsys.report.sections.learning import evaluated, methods, near, pushed_model
from recsys.training.artifact import artifact_for

_USERS = 3  # more scroll out of a terminal; the page shows report.sample_users of them
_NAME = 34  # letters of a product name
_METHOD = 40


def summary(night: Night) -> str:
    return "\n\n".join([pushed_beside_bought(night), evaluation(night), places(night)])


def pushed_beside_bought(night: Night) -> str:
    """For a few users, the products pushed to them with name and price, beside the last ones they bought."""
    pushes = night.lake.read_day(t.PUSHES, night.ds)
    users = facts.sample(pushes, _USERS, night.settings.report.seed)
    events = night.lake.read(t.EVENTS).where(F.col(c.DAY) <= F.lit(night.ds))
    products = night.lake.read_day(t.PRODUCTS, night.ds)
    past, ahead = defaultdict(list), defaultdict(list)
    for row in facts.rows(facts.last_events(events, users, products, night.settings.pushes.n)):
        past[row[c.USER]].append(f"{row[c.DAY]}  {_product(row)}")
    for row in facts.rows(pushes.join(F.broadcast(users), on=c.USER, how="inner").orderBy(c.USER, c.RANK)):
        ahead[row[c.USER]].append(f"{row[c.RANK]:>3}  {_product(row)}  {words.origin(row[c.ORIGIN])}")
    return "\n\n".join(_beside(user, past[user], ahead[user]) for user in sorted(ahead))


def evaluation(night: Night) -> str:
    """One line a method: F1 at every list length, then HR and NDCG at the length nearest to that of the pushes."""
    try:
        values, day = evaluated(night)
    except MissingTable as missing:
        return f"No method was evaluated. {missing}"
    lengths = sorted({length for _, metric, length in values if metric == "f1"})
    at = near(values, night.settings.pushes.n)
    columns = [("f1", length) for length in lengths] + [("hit_rate", at), ("ndcg", at)]
    heads = [f"{words.metric(metric)}@{length}" for metric, length in columns]
    lines = [f"{'On what happened up to ' + str(day) + ', unseen by all':<{_METHOD}}" + "".join(f"{head:>9}" for head in heads)]
    model = pushed_model(night)
    for name in methods(values, "f1", at, model):
        cells = [words.figure(values[name, *column]) if (name, *column) in values else "–" for column in columns]
        marker = "> " if name == model else "  "
        lines.append(f"{marker + words.method(name):<{_METHOD}}" + "".join(f"{cell:>9}" for cell in cells))
    return "\n".join(lines)


def places(night: Night) -> str:
    """Where lake, model and report of the night are."""
    settings = night.settings
    found = {"lake": night.lake.place, "model": artifact_for(settings.models, night.model_ds), "report": absolute(settings.report_path)}
    return "\n".join(f"{name:<7} {place}" for name, place in found.items())


def _beside(user: str, past: list[str], ahead: list[str]) -> str:
    width = len(f"2020-01-01  {'':{_NAME}} {'':>8}")
    lines = [f"User {visible(user)}", f"  {'last bought, then touched':<{width}}   pushed"]
    lines += [f"  {before:<{width}}   {after}".rstrip() for before, after in zip_longest(past, ahead, fillvalue="")]
    return "\n".join(lines)


def _product(row: dict) -> str:
    name = visible(row[c.NAME] or row[c.ITEM])
    short = name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
    return f"{short:<{_NAME}} {words.price(row[c.PRICE]) if row[c.PRICE] is not None else '–':>8}"
