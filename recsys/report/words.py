"""Names and numbers as a reader wants to see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from recsys.columns import ALL_BEHAVIOURS
from recsys.settings import SplitSettings

_METHODS = {
    "bilstm_transformer": "BiLSTM–Transformer",
    "whole": "the whole model",
    "dnn": "DNN",
    "rnn": "RNN",
    "sasrec": "SASRec",
    "own_favourites": "own favourites",
    "markov": "what followed the last product (Markov)",
    "item_to_item": "item-to-item neighbours",
    "adaboost": "AdaBoost",
}
_METRICS = {
    "f1": "F1", "precision": "precision", "recall": "recall", "hit_rate": "HR", "ndcg": "NDCG", "mrr": "MRR", "click_through_rate": "click-through rate",
}
_ORIGINS = {
    "model": "chosen by the model",
    "popular_in_segment": "popular in the user's segment",
    "popular": "popular overall",
    "catalogue": "from the rest of the catalogue",
}


def method(name: str) -> str:
    return _METHODS.get(name, plain(name))


def metric(name: str) -> str:
    return _METRICS.get(name, plain(name))


def origin(name: str) -> str:
    return _ORIGINS.get(name, plain(name))


def judged_on(split: SplitSettings, ds: date) -> str:
    """The test part of the log: `the last 28 days up to 2017-12-30`."""
    if split.kind == "time":
        return f"the last {split.test_days} days up to {ds}"
    return "each user's last event" if split.kind == "leave_one_out" else f"{split.test_share:.0%} of all events, drawn at random"


def plain(name: str) -> str:
    """`recency_of_cart` as `recency of cart`."""
    return name.replace("_", " ")


def attribute(name: str) -> str:
    """`n_cart` as `number of cart events`, `n_items` as `number of items`, `mean_gap_days` as `mean gap days`."""
    if not name.startswith("n_"):
        return plain(name)
    return f"number of {plain(name[2:])}" + (" events" if name[2:] in ALL_BEHAVIOURS else "")


def count(number: int | float) -> str:
    return f"{number:,.0f}"


def share(part: float, digits: int = 1) -> str:
    """A share between 0 and 1 in per cent."""
    return f"{100 * part:.{digits}f} %"


def figure(number: float) -> str:
    """A metric between 0 and 1."""
    return f"{number:.4f}"


def price(number: float) -> str:
    """A dash for 0, which stands for a price that no source told."""
    return f"{number:,.2f}" if number else "–"


def duration(seconds: float) -> str:
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def plural(number: int, noun: str) -> str:
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def fixed(value: int | float) -> str:
    """A number of a column whose numbers should stand below each other."""
    return count(value) if isinstance(value, int) else f"{value:,.4f}" if abs(value) < 10 else f"{value:,.1f}"


def listing(parts: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return ", ".join(parts[:-1]) + (f" {last} " if len(parts) > 1 else "") + parts[-1] if parts else "none"


def cell(value: Any) -> str:
    """Any value in a table cell."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    if isinstance(value, float):
        return f"{value:,.4g}"
    return value.isoformat() if isinstance(value, date) else str(value)
