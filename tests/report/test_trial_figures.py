import base64
import re
from itertools import combinations, islice

from recsys.report import trial_figures
from recsys.report.drawing import canvas, line_styles
from recsys.report.labels import label_points


def test_a_figure_carries_its_stamp_and_bars_only_for_what_was_measured():
    figure = trial_figures.rate_bars(["a", "b"], {"click-through rate": [0.5, None], "transaction rate": [None, None]}, "simulated data")
    drawn = base64.b64decode(figure.partition(",")[2]).decode()
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
