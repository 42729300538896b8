"""The parts of the page, and how they become one self-contained HTML file."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from recsys.faults import Infrastructure, MissingTable, visible
from recsys.report import words


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = "text"


@dataclass(frozen=True)
class Heading:
    """Opens a part of a section."""

    text: str
    kind: str = "heading"


@dataclass(frozen=True)
class Picture:
    """A figure as a data URI, with words for those who cannot see it."""

    uri: str
    alt: str
    caption: str
    wide: bool = False  # too fine for a phone: scrolls there instead of shrinking
    kind: str = "picture"


@dataclass(frozen=True)
class Grid:
    """A table; cells are shown as they are if text, else by `words.cell`. Numbers align right."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]
    caption: str = ""
    strong: Sequence[int] = ()  # rows to set in bold
    kind: str = "grid"


@dataclass(frozen=True)
class Pair:
    """Two tables that belong side by side, below one heading."""

    heading: str
    note: str
    left: Grid
    right: Grid
    kind: str = "pair"


@dataclass(frozen=True)
class Folded:
    """Long text that is shown when asked for."""

    summary: str
    text: str
    kind: str = "folded"


Block = Text | Heading | Picture | Grid | Pair | Folded


@dataclass(frozen=True)
class Section:
    """A headed part of the page. `missing` says why there is nothing to show."""

    anchor: str
    title: str
    blocks: Sequence[Block] = field(default_factory=tuple)
    missing: str = ""


def section(anchor: str, title: str, build: Callable[[], Sequence[Block]]) -> Section:
    """The section that `build` makes; one that says what is missing when its table was never written."""
    try:
        return Section(anchor, title, tuple(build()))
    except MissingTable as fault:
        return Section(anchor, title, missing=str(fault))


def render(title: str, subtitle: str, headline: Section, sections: Sequence[Section]) -> str:
    """The page. Everything that comes from data is escaped; nothing is fetched from elsewhere."""
    environment = Environment(
        loader=PackageLoader("recsys.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.filters["cell"] = words.cell
    environment.tests["numeric"] = lambda value: isinstance(value, (int, float)) or _looks_numeric(value)
    environment.tests["day"] = lambda value: isinstance(value, date)
    return environment.get_template("report.html").render(title=title, subtitle=subtitle, headline=headline, sections=sections)


def write_page(html: str, path: str | Path) -> None:
    """Write the page whole or not at all: a reader never sees half of it.

    Raises:
        Infrastructure: the folder cannot be written.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, suffix=".part", delete=False) as part:
            part.write(html)
        os.chmod(part.name, 0o644)
        os.replace(part.name, target)
    except OSError as error:
        raise Infrastructure(
            f"The report cannot be written to {target}: {error}. Set report_path to a file in a writable folder."
        ) from None


def _looks_numeric(value: Any) -> bool:
    """A number, also with its unit behind it; a dash stands in for one."""
    return re.fullmatch(r"[-+]?[\d,]+(\.\d+)?( ?(%|×|s|ms))?|–", str(value)) is not None
