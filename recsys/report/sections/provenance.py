"""What the page was made from, by which rules, and what it does not show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from recsys import __version__
from recsys import tables as t
from recsys.faults import MissingTable
from recsys.night import Night
from recsys.report import words
from recsys.report.page import Block, Folded, Grid, Text
from recsys.secrets import told
from recsys.training.artifact import artifact_for, read_manifest

_TABLES = (
    t.EVENTS, t.QUARANTINE, t.INGESTS, t.PRODUCTS, t.USER_FEATURES, t.CORRELATIONS, t.NORMALIZER, t.SEGMENTS,
    t.SEGMENT_QUALITY, t.VOCABULARY, t.NEWCOMERS, t.SEQUENCES, *t.COUNTED, t.PUSHES, t.EVALUATIONS, t.COMPARISONS, t.COSTS,
)


def protocol(night: Night) -> Sequence[Block]:
    return [
        *comparison(night),
        Text(
            "For the pushes themselves the model, fitted as above, reads each user's whole history up to the day of the push."
        ),
    ]


def comparison(night: Night) -> list[Text]:
    """How the log was cut, and by what every method is judged."""
    split, evaluation = night.settings.split, night.settings.evaluation
    parts = {
        "time": f"Everything up to {night.model_ds} was cut by time: the last {split.test_days} days are the test period, the "
        f"{split.validation_days} days before them decide when training stops, and what came earlier is trained on.",
        "leave_one_out": "Of every user, the last event is the test, the last but one decides when training stops, and the rest is trained on.",
        "random": f"{split.test_share:.0%} of all events, drawn at random, are the test, {split.validation_share:.0%} of the others decide when "
        "training stops, and the rest is trained on. This leaks the future: what a user did later is known when what they did "
        "earlier is judged, so these figures say little about tomorrow.",
    }[split.kind]
    asked = f"Of all users who came back {evaluation.users:,} at most were drawn to be asked about. " if evaluation.users else ""
    seen = "only products that are new to the user count" if evaluation.drop_seen else "products the user had already bought count too"
    return [
        Text(parts + " Segments, normalisation and vocabulary are fitted on the training period only, and reused unchanged later."),
        Text(
            f"Every method ranks all products it knows, never a sample, and sees the same past; {seen}. A product is liked if the user "
            f"went on to {words.listing(evaluation.relevant, 'or')} it. {asked}Hits, ranks and F1 are means over users with any history and at "
            "least one such product; rates, novelty and diversity are over all with a history who came back. Users without a history are "
            "left out: every method can list them nothing but what is popular. Events of one moment are ordered by a hash, so that no method profits from the order of a file."
        ),
    ]


def not_shown(night: Night) -> Sequence[Block]:
    return [
        Text(
            "The comparison looks back: it asks what users did without having seen these lists. A product that a push would have "
            "brought to mind counts as a miss, and one that they would have bought anyway counts as a hit. Only a test with a group "
            "that gets no pushes shows what the pushes themselves are worth."
        ),
        Text(
            "The figures are of one period of one shop; a difference between two methods that is smaller than their difference from "
            "one period to the next says nothing. Averages hide groups: users with short histories usually fare worse. Costs hold "
            "for the machine that ran this only. Prices are those of the product table on the day, not offers."
        ),
    ]


def made_from(night: Night) -> Sequence[Block]:
    lines = [[table.name, table.grain, _version(night, table)] for table in _TABLES]
    return [
        Text(f"recsys {__version__}; pushes of {night.ds}, model of {night.model_ds}. {_model(night)}"),
        Grid(["table", "a row is", "version"], lines, "The Delta version of each table when this page was written."),
        Folded("All settings of this run", as_yaml(night.settings)),
    ]


def as_yaml(settings: Any) -> str:
    """A dataclass of settings as one would write them down, without secrets."""
    return yaml.safe_dump(_plain(told(settings)), sort_keys=False, allow_unicode=True)


def _version(night: Night, table: t.Table) -> str:
    return str(night.lake.version(table)) if night.lake.exists(table) else "not written"


def _model(night: Night) -> str:
    try:
        manifest = read_manifest(artifact_for(night.settings.models, night.model_ds))
    except MissingTable:
        return "There is no trained model for that day."
    data = words.listing([f"{name} {version}" for name, version in manifest["data"].items()])
    libraries = words.listing([f"{name} {version}" for name, version in manifest["libraries"].items()])
    return f"Model {manifest['version']}, trained from the versions {data}, with {libraries}."


def _plain(value):
    """Settings as YAML shows them: tuples as lists."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value
