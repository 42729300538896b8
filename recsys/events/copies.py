"""Tell when rows of overlapping deliveries are no longer known as copies: a row is one only where all its columns say the same."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from recsys.events.files import Unit
from recsys.events.reading import Layout
from recsys.events.source import Source

log = logging.getLogger(__name__)


def tell_other_columns(source: Source, groups: Sequence[tuple[Layout, list[Unit]]]) -> None:
    """Warn of units that have other columns than those of the first group."""
    (expected, (first, *_)), *others = groups
    for layout, units in others:
        changes = _changes(dict(expected), dict(layout))
        if changes:
            more = f" and {len(units) - 1:,} more have" if len(units) > 1 else " has"
            log.warning(
                "%s: %s%s other columns than %s: %s. With duplicates: drop a row is a copy only where all columns say the same, so rows that stand in files of both "
                "kinds count twice. If deliveries overlap, deliver the earlier files with the same columns again, or these without what is new%s; if not, all is well.",
                source.name, units[0].name, more, first.name, changes, " (of json, files.columns lists what is read)" if source.files.format == "json" else "",
            )


def _changes(before: dict[str, str], now: dict[str, str]) -> str:
    retyped = [f"{name} ({before[name]}, then {kind})" for name, kind in now.items() if before.get(name, kind) != kind]
    told = {"new": sorted(set(now) - set(before)), "gone": sorted(set(before) - set(now)), "of another type": retyped}
    return "; ".join(f"{what} {', '.join(names)}" for what, names in told.items() if names)
