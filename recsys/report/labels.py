"""Words beside the points of a chart, put where they cover neither each other nor a point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

_DISTANCES = (8, 16, 26, 38, 52, 68)  # points between a point and its words; the first free place wins
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
_ACROSS, _UP = {1: "left", 0: "center", -1: "right"}, {1: "bottom", 0: "center", -1: "top"}  # what of the words is nearest to the point
_AIR = 1.05  # around words


def label_points(axes: Axes, points: Mapping[str, tuple[float, float]], size: float, mark: float) -> list[Annotation]:
    """Write the name of every point beside it, thin lines leading to those that had to move away.

    Args:
        size: of the letters, in points.
        mark: side of the square, in points, that a point takes.
    """
    figure = axes.get_figure()
    written = [
        axes.annotate(
            name, point, xytext=(0, 0), textcoords="offset points", fontsize=size, zorder=5, in_layout=False,
            arrowprops={"arrowstyle": "-", "color": "#8a8a8a", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 2},
        ) for name, point in points.items()
    ]
    figure.draw_without_rendering()  # only now it is known where points are, and how much the words take
    places = axes.transData.transform(np.array(list(points.values())))
    dot = figure.dpi / 72  # pixels of a point of print
    taken = [Bbox.from_bounds(x - mark * dot / 2, y - mark * dot / 2, mark * dot, mark * dot) for x, y in places]
    for words, place in zip(written, places):
        taken.append(_put(words, place, dot, taken, axes.get_window_extent()))
    return written


def _put(words: Annotation, place: np.ndarray, dot: float, taken: Sequence[Bbox], inside: Bbox) -> Bbox:
    """Move `words` to the nearest free place, or where they cover the least; returns what they take there."""
    letters = super(Annotation, words).get_window_extent().expanded(_AIR, _AIR)
    covered, best = np.inf, None
    for distance, (right, up) in product(_DISTANCES, _DIRECTIONS):
        corner = place + dot * distance * np.array([right, up]) + [letters.width * (right - 1) / 2, letters.height * (up - 1) / 2]
        box = Bbox.from_bounds(*corner, letters.width, letters.height)
        if (found := _covered(box, taken, inside)) < covered:
            covered, best = found, (box, distance, right, up)
        if not covered:
            break
    box, distance, right, up = best
    words.set(position=(distance * right, distance * up), ha=_ACROSS[right], va=_UP[up])
    words.arrow_patch.set_visible(distance > _DISTANCES[0])
    return box


def _covered(box: Bbox, taken: Sequence[Bbox], inside: Bbox) -> float:
    """The area of `box` that is not free."""
    shared = [Bbox.intersection(box, other) for other in (inside, *taken)]
    areas = [0.0 if part is None else part.width * part.height for part in shared]
    return max(box.width * box.height - areas[0], 0.0) + sum(areas[1:])
