import html
import re
from dataclasses import replace

import pytest
import write_report

from recsys import columns as c
from recsys.report.page import Text
from recsys.report.sections import pushed
from tests.jobs.declared import declared
from tests.pushes import shop
from tests.report import told


def write(night):
    write_report.STAGE.run(declared(write_report.STAGE, night))


def text(path):
    """The page as a reader sees it: without tags, in one line."""
    body = path.read_text().split("<body>")[1]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_first_screen_says_what_was_pushed_and_how_good_it_is(spark, told_folder, tmp_path):
    night = shop.night(told.whole_night(spark, told_folder), told_folder, pushes={"n": 2})
    night = replace(night, settings=replace(night.settings, report_path=str(tmp_path / "report.html")))

    write(night)

    page = text(tmp_path / "report.html")
    assert "6 pushes to 3 users, 2 each, out of 2 different products: 66.7 % chosen by the model and 33.3 % popular in the user's segment." in page
    assert "lists of 5 by the model are ahead of the best other method, what followed the last product (Markov): F1 0.3150 against 0.2100, 1.50 times as much" in page
    assert "(95 % interval of the difference +0.0200 to +0.2000)." in page
    assert "Of 9 rows that came in, 6 became events, 2 (22.22 %) were put into quarantine" in page
    assert "missing user 2 price not positive 1" in page
    assert "2 of 4 attributes were kept. The same for all users, and so dropped: number of browse events." in page
    assert "number of purchase events spend 1.000 dropped spend, kept number of purchase events" in page
    assert "Segment 0: low days since purchase and high number of purchase events." in page
    assert "The weights of epoch 2 were kept" in page
    assert "BiLSTM–Transformer 1.5 s for 4 250 ms, first 1.0 s 1.5 s for 4" in page
    assert "Tea &amp; &lt;b&gt;cake&lt;/b&gt;" in (tmp_path / "report.html").read_text()
    assert "Nothing to show here yet" not in page


@pytest.mark.parametrize(("gap", "said"), [
    ((-0.1, 0.2, 40), "not shown to differ from"), ((-0.2, -0.1, 40), "BEHIND"), ((0.1, 0.2, 12), "beside, for too few users to tell more,"),
    (None, "beside, and whether by more than chance is not known,"),
])
def test_the_first_screen_calls_the_model_ahead_only_where_the_interval_says_so(spark, told_folder, tmp_path, monkeypatch, gap, said):
    row = gap and dict(zip((c.LOW, c.HIGH, c.USERS), gap))
    monkeypatch.setattr(pushed, "_gap", lambda *_: row)
    night = shop.night(told.whole_night(spark, told_folder), told_folder, pushes={"n": 2})
    told_first = " ".join(block.text for block in pushed.headline(night) if isinstance(block, Text))
    assert f"lists of 5 by the model are {said} the best other method, what followed the last product (Markov): F1 0.3150" in told_first


def test_a_lake_with_nothing_in_it_still_gets_a_page_that_says_what_to_run(lake, tmp_path):
    write(shop.night(lake, tmp_path))

    page = text(tmp_path / "report.html")
    for job in ("ingest_events", "push_products", "evaluate_models", "train_model", "correlate_attributes", "segment_users"):
        assert f"Run jobs/{job}.py" in page
    assert "How the comparison was made" in page


def test_a_night_that_only_pushes_shows_the_figures_of_the_day_the_model_is_of(spark, told_folder, tmp_path):
    whole = told.whole_night(spark, told_folder)
    later = shop.DS.replace(day=11)
    night = shop.night(whole, told_folder, ds=later, model_ds=shop.DS, pushes={"n": 2})
    night = replace(night, settings=replace(night.settings, report_path=str(tmp_path / "report.html")))

    write(night)

    page = text(tmp_path / "report.html")
    assert f"Pushes of {later} by the model of {shop.DS}" in page
    assert f"holds nothing for {later}. Run jobs/push_products.py --ds {later} first." in page
    assert "0.3150" in page
