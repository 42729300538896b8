"""The figures of the page, each from a few plain numbers to a data URI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import FuncFormatter, MaxNLocator

from recsys.report.drawing import PALETTE, WIDTH, canvas, embedded, legend_below, line_styles

_WHOLE = FuncFormatter(lambda value, _: f"{value:,.0f}")


def lines_over_time(series: Mapping[str, Sequence[tuple[date, float]]], unit: str, spans: Sequence[date]) -> str:
    """A line for each of `series`, on a log scale if the greatest dwarf the smallest; between the days of `spans` it is shaded."""
    peaks = [max(value for _, value in points) for points in series.values()]
    with canvas(height=3.8) as (figure, axes):
        for (name, points), style in zip(series.items(), line_styles()):
            axes.plot(*zip(*points), label=name, **{**style, "markersize": 3})
        if max(peaks) > 30 * max(min(peaks), 1):
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=0)
            axes.yaxis.set_major_formatter(_WHOLE)
        for start, end, grey in zip(spans, spans[1:], ("#eeeeee", "#dcdcdc")):
            axes.axvspan(start, end, color=grey, linewidth=0, zorder=0)
        axes.xaxis.set_major_locator(locator := AutoDateLocator(minticks=3, maxticks=6))
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        axes.set_ylabel(f"events per {unit}")
        legend_below(figure, axes, columns=3)
        return embedded(figure)


def curve_of_k(ks: Sequence[int], values: Sequence[float], errors: Sequence[float], chosen: int) -> str:
    """The Davies-Bouldin index by k, the chosen k ringed."""
    with canvas() as (figure, axes):
        axes.errorbar(ks, values, yerr=errors, color=PALETTE[0], marker="o", capsize=3)
        best = values[list(ks).index(chosen)]
        axes.plot([chosen], [best], "o", markersize=15, markerfacecolor="none", markeredgecolor=PALETTE[1], markeredgewidth=2)
        side = -1 if chosen == max(ks) > min(ks) else 1
        axes.annotate(f"chosen: k = {chosen}", (chosen, best), xytext=(12 * side, -18), textcoords="offset points",
                      ha="left" if side > 0 else "right", fontsize=10)
        axes.margins(x=0.12, y=0.28)
        axes.set_xlabel("number of segments k")
        axes.set_ylabel("Davies–Bouldin index\n(smaller is better)")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        return embedded(figure)


def heat_map(names: Sequence[str], values: np.ndarray, ringed: Sequence[tuple[int, int]]) -> str:
    """Correlations from -1 (blue) over 0 (white) to 1 (red); the cells in `ringed` framed."""
    side = max(4.2, min(8.5, 1.8 + 0.24 * len(names)))
    with canvas(side + 0.6, side) as (figure, axes):
        mesh = axes.pcolormesh(np.ma.masked_invalid(values), cmap="RdBu_r", vmin=-1, vmax=1)
        for row, column in ringed:
            axes.plot([column, column + 1, column + 1, column, column], [row, row, row + 1, row + 1, row], color="black", linewidth=1.6)
        places = np.arange(len(names)) + 0.5
        axes.set_xticks(places, names, rotation=90, fontsize=9)
        axes.set_yticks(places, names, fontsize=9)
        axes.invert_yaxis()
        axes.grid(False)
        axes.set_aspect("equal")
        figure.colorbar(mesh, ax=axes, shrink=0.6, label="Pearson correlation")
        return embedded(figure)


def bars(names: Sequence[str], values: Sequence[float], label: str) -> str:
    """Horizontal bars, each with its number behind it."""
    with canvas(height=0.9 + 0.36 * len(names)) as (figure, axes):
        drawn = axes.barh(range(len(names)), values, color=PALETTE[0], height=0.65)
        axes.bar_label(drawn, [f"{value:,.0f}" for value in values], padding=4, fontsize=10)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.margins(x=0.18)
        axes.grid(axis="y", visible=False)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(_WHOLE)
        axes.set_xlabel(label)
        return embedded(figure)


def training_curves(epochs: Sequence[int], curves: Mapping[str, Sequence[float]], best: int | None) -> str:
    """One panel for each of `curves`, one above the other, with the epoch that was kept."""
    with canvas(height=0.6 + 1.7 * len(curves)) as (figure, axes):
        axes.remove()
        panels = figure.subplots(len(curves), 1, sharex=True, squeeze=False)[:, 0]
        for panel, (name, values), style in zip(panels, curves.items(), line_styles()):
            panel.plot(epochs, values, **style)
            panel.set_ylabel(name)
            panel.margins(y=0.15)
            if best is not None:
                panel.axvline(best, color="#555555", linewidth=1, linestyle=":")
        if best is not None:
            panels[0].annotate(f"kept: epoch {best}", (best, 1), xycoords=("data", "axes fraction"), xytext=(0, 2),
                               textcoords="offset points", ha="center", va="bottom", fontsize=9, color="#555555")
        panels[-1].set_xlabel("epoch")
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
        return embedded(figure)


def lines_by_length(
    series: Mapping[str, Sequence[tuple[int, float]]], label: str, bands: Mapping[str, Sequence[tuple[int, float, float]]]
) -> str:
    """`label` by list length, one line per method, the first the boldest; `bands` hold length, low and high of a method."""
    with canvas(WIDTH, 4.4) as (figure, axes):
        for place, ((name, points), style) in enumerate(zip(series.items(), line_styles())):
            axes.plot(*zip(*points), label=name, **{**style, "linewidth": 2.6 if place == 0 else 1.6, "zorder": 9 - place})
            if bands.get(name):
                axes.fill_between(*zip(*bands[name]), color=style["color"], alpha=0.15, linewidth=0, zorder=1)
        axes.set_xticks(sorted({length for points in series.values() for length, _ in points}))
        axes.set_ylim(bottom=0)
        axes.set_xlabel("products in the list")
        axes.set_ylabel(label)
        legend_below(figure, axes, columns=1 if max(map(len, series)) > 28 else 2)
        return embedded(figure)
