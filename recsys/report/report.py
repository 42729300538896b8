"""The whole page of one night, section by section, from the tables of the lake."""

from __future__ import annotations

from pathlib import Path

from recsys.night import Night
from recsys.report.page import Section, render, section
from recsys.report.sections import intake, learning, people, provenance, pushed

_SECTIONS = (
    ("evaluation", "How good the lists are", learning.evaluation),
    ("pushes", "Who got what", pushed.who_got_what),
    ("costs", "What each method costs", learning.costs),
    ("training", "Training", learning.training),
    ("intake", "Data taken in and rejected", intake.taken_in),
    ("events", "Behaviour in the log", intake.behaviours),
    ("attributes", "Attributes that say the same", people.correlated),
    ("clusters", "How many segments", people.choice_of_k),
    ("segments", "The segments", people.segments),
    ("protocol", "How the comparison was made", provenance.protocol),
    ("limits", "What the figures do not show", provenance.not_shown),
    ("provenance", "What this page was made from", provenance.made_from),
)


def report(night: Night) -> str:
    """The page as HTML. A section whose table was never written says so; the rest of the page stands."""
    sections: list[Section] = [section(anchor, title, lambda build=build: build(night)) for anchor, title, build in _SECTIONS]
    headline = section("headline", "", lambda: pushed.headline(night))
    return render("Product pushes", subtitle(night), headline, sections)


def subtitle(night: Night) -> str:
    """What the page shows, and whether any real user stands behind it."""
    made = f"Pushes of {night.ds}" + ("" if night.model_ds == night.ds else f" by the model of {night.model_ds}")
    return f"{made}. Simulated data: a seeded program made the log." if Path(night.settings.source).stem == "simulated" else made
