"""The figures of the page of experiments, each from a few plain numbers to a data URI.

`stamp` is written into a figure, so that it keeps its label when it is cut out of the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from recsys.report.drawing import PALETTE, WIDTH, canvas, embedded, legend_below, line_styles
from recsys.report.labels import label_points

_NAME = 26  # letters of a method's name on one line
_SHORTEST = 0.01  # seconds; what takes less is drawn there, since a log scale has no zero
_BAR, _GAP = 0.145, 0.12  # inches
_PERCENT = FuncFormatter(lambda value, _: f"{100 * value:.0f} %")
_PLAIN = FuncFormatter(lambda value, _: f"{value:,.10g}")


def lines_with_bands(series: Mapping[str, Sequence[tuple[int, float, float, float]]], label: str, stamp: str) -> str:
    """`label` by list length, one line per method with a band from low to high; the first is the boldest.

    Args:
        series: (length, value, low, high) of every method.
    """
    with canvas(WIDTH, 4.6 + 0.2 * len(series) / 2) as (figure, axes):
        for place, ((name, points), style) in enumerate(zip(series.items(), line_styles())):
            lengths, values, low, high = zip(*points)
            bold = {"linewidth": 2.8 if place == 0 else 1.4, "zorder": 40 - place}
            axes.plot(lengths, values, label=fill(name, _NAME), **{**style, **bold})
            axes.fill_between(lengths, low, high, color=style["color"], alpha=0.22 if place == 0 else 0.07, linewidth=0, zorder=1)
        axes.set_xticks(sorted({point[0] for points in series.values() for point in points}))
        axes.set_ylim(bottom=0)
        axes.set_xlabel("products in the list")
        axes.set_ylabel(label)
        _stamp(axes, stamp)
        legend_below(figure, axes)
        return embedded(figure)


def rate_bars(names: Sequence[str], rates: Mapping[str, Sequence[float | None]], stamp: str) -> str:
    """A group of horizontal bars for each of `names`, one bar for each of `rates`, with its number behind it."""
    group = _BAR * len(rates) + _GAP
    with canvas(WIDTH, 1.3 + group * len(names)) as (figure, axes):
        for place, ((rate, values), colour) in enumerate(zip(rates.items(), PALETTE)):
            known = [(row * group + place * _BAR, value) for row, value in enumerate(values) if value is not None]
            heights, widths = zip(*known) if known else ((), ())
            drawn = axes.barh(heights, widths, height=0.9 * _BAR, color=colour, label=rate)
            axes.bar_label(drawn, [f"{100 * width:.1f}" for width in widths], padding=3, fontsize=8)
        middle = _BAR * (len(rates) - 1) / 2
        axes.set_yticks([row * group + middle for row in range(len(names))], [fill(name, _NAME) for name in names])
        axes.set_ylim(group * len(names) - _GAP, -_BAR)
        axes.margins(x=0.1)
        axes.grid(axis="y", visible=False)
        axes.xaxis.set_major_formatter(_PERCENT)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        _stamp(axes, stamp)
        legend_below(figure, axes, columns=len(rates))
        return embedded(figure)


def accuracy_against_cost(points: Mapping[str, tuple[float, float]], label: str, first: str | None, stamp: str) -> str:
    """`label` against the seconds that each method took to learn, on a log scale; `first` stands out.

    Args:
        points: seconds and value of every method.
    """
    drawn = {name: (max(seconds, _SHORTEST), value) for name, (seconds, value) in points.items()}
    ordered = dict(sorted(drawn.items(), key=lambda item: item[0] != first))
    with canvas(WIDTH, 4.4) as (figure, axes):
        for name, (seconds, value) in ordered.items():
            style = {"color": PALETTE[1], "s": 90, "marker": "D"} if name == first else {"color": PALETTE[0], "s": 40, "marker": "o"}
            axes.scatter([seconds], [value], zorder=4, **style)
        axes.set_xscale("log")
        axes.margins(x=0.2, y=0.15)
        axes.xaxis.set_major_formatter(_PLAIN)
        axes.set_xlabel("seconds to learn (log scale)")
        axes.set_ylabel(label)
        _stamp(axes, stamp)
        label_points(axes, {fill(name, _NAME): point for name, point in ordered.items()}, size=9.5, mark=12)
        return embedded(figure)


def differences(named: Mapping[str, tuple[float, float, float]], label: str, stamp: str) -> str:
    """Differences with their intervals, one below the other, beside a line at zero.

    Args:
        named: difference, low and high.
    """
    with canvas(WIDTH, 1.1 + 0.36 * len(named)) as (figure, axes):
        for row, (value, low, high) in enumerate(named.values()):
            colour = PALETTE[0] if low > 0 else PALETTE[1] if high < 0 else PALETTE[-1]
            axes.plot([low, high], [row, row], color=colour, linewidth=2)
            axes.plot([value], [row], marker="o", color=colour)
        axes.axvline(0, color="#555555", linewidth=1)
        axes.set_yticks(range(len(named)), [fill(name, _NAME) for name in named])
        axes.set_ylim(len(named) - 0.5, -0.5)
        axes.grid(axis="y", visible=False)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.set_xlabel(label)
        _stamp(axes, stamp)
        return embedded(figure)


def _stamp(axes: Axes, stamp: str) -> None:
    axes.set_title(stamp, loc="right", fontsize=9, color="#b35900")
