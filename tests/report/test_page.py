import base64
import re
import stat

import pytest

from recsys.columns import ITEM, NAME, PRICE
from recsys.faults import Infrastructure, MissingTable
from recsys.report.console import _beside, _product
from recsys.report.figures import bars
from recsys.report.page import Folded, Grid, Pair, Picture, Section, Text, render, section, write_page


def page(*sections):
    return render("Pushes", "of a day", Section("headline", "", (Text("10 pushes"),)), sections)


def test_what_comes_from_data_is_escaped_everywhere():
    evil = "<script>alert('x')</script>"
    grid = Grid([evil], [[evil]], evil)
    html = page(Section("a", evil, (Text(evil), Picture("data:,", f'"{evil}', evil), grid, Pair(evil, evil, grid, grid), Folded(evil, evil))))

    assert "<script" not in html
    assert 'alt="&#34;&lt;script&gt;' in html


def test_signs_that_turn_a_line_around_or_command_a_terminal_are_written_out():
    html = page(Section("a", "A", (Text("a\u202eb"), Grid(["\x1b[2J"], [["caf\u00e9 \x00"]]))))
    assert "a\\u202eb" in html and "\\u001b[2J" in html and "caf\u00e9 \\u0000" in html
    assert not set("\u202e\x1b\x00") & set(html)
    assert "\x1b" not in _beside("u\x1b[2J", [_product({NAME: "\x1b]0;x\x07", ITEM: "i", PRICE: 1.0})], [])


def test_names_in_a_figure_are_escaped_too():
    drawn = base64.b64decode(bars(["<script>alert('x')</script>"], [1.0], "<script>").partition(",")[2]).decode()
    assert "<script" not in drawn and "<svg" in drawn


def test_the_page_asks_nobody_for_anything():
    html = page(Section("a", "A", (Picture("data:image/svg+xml;base64,AA==", "dots", "Dots"),)))

    assert re.findall(r'(?:src|href)="([^"]+)"', html) == ["#a", "data:image/svg+xml;base64,AA=="]
    assert "url(" not in html and "@import" not in html
    assert "default-src 'none'" in html


def test_numbers_are_grouped_and_aligned_and_nothing_is_a_dash():
    html = page(Section("a", "A", (Grid(["name", "events", "share"], [["milk", 1234567, "71.0 %"], ["tea", None, 0.25]]),)))

    assert '<td>milk</td><td class="number">1,234,567</td><td class="number">71.0 %</td>' in html
    assert "<td>–</td>" in html and '<td class="number">0.25</td>' in html


def test_a_section_whose_table_is_missing_says_so_and_names_the_job():
    def build():
        raise MissingTable("There is no table costs. Run jobs/evaluate_models.py first.")

    found = section("costs", "Costs", build)

    assert found == Section("costs", "Costs", missing="There is no table costs. Run jobs/evaluate_models.py first.")
    assert "Run jobs/evaluate_models.py first." in page(found)


def test_the_page_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path):
    target = tmp_path / "new" / "report.html"
    write_page("old", target)
    write_page("new", target)

    assert target.read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_a_report_path_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(Infrastructure, match="report_path"):
        write_page("page", tmp_path / "file" / "report.html")
