"""What all figures share: a palette for every eye, a size that a phone can show, and the way into the page.

Colours are those of Okabe and Ito, told apart also without colour vision; lines differ by marker and dash too.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg  # no display and no pyplot state: figures of one job only
from matplotlib.figure import Figure

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7A7A7A")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (8, 3)))
WIDTH, HEIGHT = 5.6, 3.4  # inches: letters of 11 points then stay readable at the width of a phone
_STYLE = {
    "font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#dddddd",
    "grid.linewidth": 0.7, "axes.axisbelow": True, "text.color": "#1a1a1a", "axes.labelcolor": "#1a1a1a",
    "svg.hashsalt": "recsys", "legend.frameon": False, "legend.fontsize": 10,
}


@contextmanager
def canvas(width: float = WIDTH, height: float = HEIGHT) -> Iterator[tuple[Figure, Axes]]:
    """A figure with one pair of axes, in the style of the page."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure, figure.add_subplot()


def embedded(figure: Figure) -> str:
    """`figure` as an SVG data URI; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def line_styles() -> Iterator[dict]:
    """Endless line styles: eight that follow each other differ in colour, marker and dash, and the first 64 are all different."""
    for place in count():
        turn, colour = divmod(place, len(PALETTE))
        marker, dash = (of[(colour + turn) % len(of)] for of in (_MARKERS, _DASHES))
        yield {"color": PALETTE[colour], "marker": marker, "linestyle": dash, "linewidth": 1.8, "markersize": 5}


def legend_below(figure: Figure, axes: Axes, columns: int = 2) -> None:
    """The legend under the axes, where it covers no line."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, handlelength=2.6)
