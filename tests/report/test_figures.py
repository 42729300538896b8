import base64
from datetime import date

import numpy as np
import pytest

from recsys.report import figures, trial_figures

DRAWN = {
    "events over time": lambda: figures.lines_over_time(
        {"browse": [(date(2024, 1, 1), 900), (date(2024, 1, 2), 800)], "cart": [(date(2024, 1, 2), 2)]}, "day", [date(2023, 12, 30), date(2024, 1, 1), date(2024, 1, 2)]
    ),
    "one k only": lambda: figures.curve_of_k([2], [1.5], [0.0], 2),
    "curve of k": lambda: figures.curve_of_k([2, 3, 4], [1.5, 1.2, 1.4], [0.1, 0.0, 0.2], 3),
    "heat map with a gap": lambda: figures.heat_map(["a", "b"], np.array([[np.nan, np.nan], [0.97, np.nan]]), [(1, 0)]),
    "bars": lambda: figures.bars(["segment 0", "segment 1"], [12, 0], "users"),
    "one epoch": lambda: figures.training_curves([1], {"training loss": [5.0]}, None),
    "training": lambda: figures.training_curves([1, 2], {"training loss": [5.0, 4.0], "validation NDCG": [0.1, 0.2]}, 2),
    "ten methods": lambda: figures.lines_by_length({f"method {n}": [(5, 0.1), (10, 0.2)] for n in range(10)}, "F1", {"method 0": [(5, 0.05, 0.15), (10, 0.1, 0.3)]}),
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
