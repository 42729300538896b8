import base64
import re
from itertools import combinations, islice

import pytest

from recsys.report import trial_figures
from recsys.report.drawing import canvas, line_styles
from recsys.report.labels import label_points

DRAWN = {
    "twelve methods": lambda: trial_figures.lines_with_bands({f"method {n}": [(5, 0.1, 0.05, 0.2), (10, 0.2, 0.2, 0.2)] for n in range(12)}, "F1", ""),
    "rates with a gap": lambda: trial_figures.rate_bars(["a", "b"], {"click-through rate": [0.5, None], "transaction rate": [None, None]}, "simulated data"),
    "nothing to learn": lambda: trial_figures.accuracy_against_cost({"a": (0.0, 0.1), "b": (90.0, 0.2)}, "NDCG@10", "b", ""),
    "differences": lambda: trial_figures.differences({"ahead": (0.2, 0.1, 0.3), "open": (0.0, -0.1, 0.1), "behind": (-0.2, -0.3, -0.1)}, "worth", ""),
    "no difference at all": lambda: trial_figures.differences({}, "worth", ""),
    "one point": lambda: trial_figures.accuracy_against_cost({"a": (1.0, 0.1)}, "NDCG@10", None, "simulated data"),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_an_svg_that_comes_out_the_same_twice(name):
    first, second = DRAWN[name](), DRAWN[name]()

    assert first == second
    head, _, body = first.partition(",")
    assert head == "data:image/svg+xml;base64"
    assert b"<svg" in base64.b64decode(body)


def test_a_figure_carries_its_stamp_and_bars_only_for_what_was_measured():
    drawn = base64.b64decode(DRAWN["rates with a gap"]().partition(",")[2]).decode()
    written = re.findall(r"<!-- (.*?) -->", drawn)

    assert "simulated data" in written
    assert [text for text in written if re.fullmatch(r"\d+\.\d", text)] == ["50.0"]


def test_words_beside_crowded_points_cover_neither_each_other_nor_a_point():
    points = {f"a rather long name {n}": (100 + n % 3, 0.10 + n / 5_000) for n in range(8)}
    with canvas() as (figure, axes):
        axes.scatter(*zip(*points.values()))
        axes.set_xlim(0, 200)
        axes.set_ylim(0, 0.2)
        written = label_points(axes, points, size=9, mark=6)
        figure.draw_without_rendering()
        boxes = [super(type(words), words).get_window_extent() for words in written]
        places = axes.transData.transform(list(points.values()))

        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
        assert not any(box.contains(*place) for box in boxes for place in places)
        assert all(axes.get_window_extent().containsx(edge) for box in boxes for edge in (box.x0, box.x1))


def test_no_two_of_thirty_lines_look_the_same():
    styles = [tuple(style.values()) for style in islice(line_styles(), 30)]
    assert len(set(styles)) == 30
