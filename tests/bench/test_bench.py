import io
import json
import time
from functools import partial
from importlib import import_module

import numpy as np
import pytest

from recsys import columns as c
from tests.bench import __main__ as bench
from tests.bench.measure import Taken, in_turns, taken
from tests.bench.processes import in_a_process
from tests.bench.row import Aim, Figure, Row, rate
from tests.bench.shop import Shop
from tests.bench.stages import SIZES, STAGES
from tests.bench.table import print_table

FAST = Figure((90.0, 100.0, 120.0), "rows/s", (Taken(2.0, 4.0), Taken(1.0, 3.0), Taken(3.0, 5.0)))
SLOW = Figure((30.0, 50.0, 40.0), "rows/s")


def printed(*rows: Row) -> list[list[str]]:
    out = io.StringIO()
    print_table({"made_up": rows}, out)
    return [[cell.strip() for cell in line.strip("|\n").split("|")] for line in out.getvalue().splitlines()]


def test_works_are_measured_in_turns_after_one_run_of_each_that_does_not_count():
    done = []
    found = in_turns({"a": lambda: done.append("a"), "b": lambda: done.append("b")}, repeats=2)
    assert done == ["a", "b", "a", "b", "a", "b"]
    assert {name: len(repeats) for name, repeats in found.items()} == {"a": 2, "b": 2}


def compute():
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass


@pytest.mark.parametrize(("work", "least", "most"), [(compute, 0.18, 1.0), (partial(time.sleep, 0.2), 0.0, 0.1)], ids=["computes", "waits"])
def test_processor_seconds_are_counted_while_something_is_computed_and_not_while_it_waits(work, least, most):
    spent = in_a_process(taken, work)  # without the JVM that other tests share
    assert spent.wall >= 0.2 and least <= spent.cpu < most


def test_the_table_tells_medians_noise_seconds_the_ratio_of_each_turn_and_the_aim():
    head, _, row = printed(Row("speed", FAST, "a peer", SLOW, Aim(least=2.5)))
    assert head[:3] == ["stage", "measured", "ours"]
    assert row == [
        "made_up", "speed", "100 rows/s", "±15%", "2.00 / 4.00", "a peer", "40 rows/s", "±25%", "", "3 (2 to 3)", "≥ 2.5 ×", "met",
    ]


@pytest.mark.parametrize(("aim", "verdict"), [
    (Aim(least=3.0), "met"), (Aim(least=3.1), "short of the aim"), (Aim(most=3.0), "met"), (Aim(most=2.9), "short of the aim"), (None, ""),
])
def test_a_ratio_short_of_its_aim_is_called_so(aim, verdict):
    assert Row("speed", FAST, "a peer", SLOW, aim).verdict == verdict


def test_a_row_with_one_side_is_held_against_the_figure_itself():
    row = Row("wait", Figure((8.0,), "ms"), aim=Aim(most=7.0, unit="ms"))
    assert printed(row)[2] == ["made_up", "wait", "8 ms", "", "", "", "", "", "", "", "≤ 7 ms", "short of the aim"]


def test_a_rate_is_the_amount_by_the_seconds_of_each_repeat():
    assert rate([Taken(2.0, 1.0), Taken(4.0, 1.0)], 8, "rows") == Figure((4.0, 2.0), "rows/s", (Taken(2.0, 1.0), Taken(4.0, 1.0)))


def test_every_stage_is_measured_and_one_that_fails_stops_no_other(monkeypatch, tmp_path, capsys):
    def fake(measure, stage, size):
        if stage == "broken":
            raise OSError("no peer here")
        return [Row(f"{stage} {size}", FAST, "a peer", SLOW)]

    monkeypatch.setattr(bench, "STAGES", ("broken", "whole"))
    monkeypatch.setattr(bench, "in_a_process", fake)
    assert bench.main(["--size", "small", "--out", str(tmp_path / "out.json")]) == 1
    said = capsys.readouterr()
    assert "whole small" in said.out
    assert "no peer here" in said.err and "could not be measured: broken" in said.err
    kept = json.loads((tmp_path / "out.json").read_text())
    assert [row["stage"] for row in kept["rows"]] == ["whole"] and kept["failed"] == ["broken"]
    assert kept["rows"][0]["ratios"] == [3.0, 2.0, 3.0]


def test_made_up_windows_are_filled_from_the_front_with_products_of_the_shop_in_the_order_of_their_days():
    shop = Shop(products=9)
    windows = shop.windows(50)
    real = np.arange(shop.shape.length) < windows[c.LENGTH][:, None]
    assert {name: (array.dtype, array.shape[1:]) for name, array in windows.items()} == shop.shape.columns()
    assert ((windows[c.ITEMS] > 0) == real).all() and windows[c.ITEMS].max() == 9
    assert (np.diff(windows[c.DAYS], axis=1)[real[:, 1:]] >= 0).all() and not windows[c.DAYS][~real].any()
    assert (windows[c.MEMORY_ITEMS].any(axis=1) <= (windows[c.LENGTH] == shop.shape.length)).all()


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_a_module_with_its_sizes(stage):
    module = import_module(f"tests.bench.{stage}")
    assert {"full", "small"} <= set(module.SIZES) <= set(SIZES) and callable(module.rows)
