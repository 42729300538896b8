from dataclasses import replace

import pytest

from recsys.lake import Lake
from recsys.report.console import evaluation, places, pushed_beside_bought
from tests.pushes import shop
from tests.report import told


@pytest.fixture
def night(spark, told_folder):
    return shop.night(told.whole_night(spark, told_folder), told_folder, pushes={"n": 2})


def test_pushes_stand_beside_what_the_same_user_last_bought_with_name_and_price(night):
    shown = pushed_beside_bought(night).split("\n\n")
    assert [block.splitlines()[0] for block in shown] == ["User ann", "User bob", "User new"]
    assert [line.split() for line in shown[1].splitlines()[1:]] == [
        ["last", "bought,", "then", "touched", "pushed"],
        ["2024-03-09", "Milk", "1.00", "1", "Milk", "1.00", "chosen", "by", "the", "model"],
        ["2024-03-08", "Tea", "3.00", "2", "Tea", "&", "<b>cake</b>", "1.00", "chosen", "by", "the", "model"],
    ]


def test_the_evaluation_has_one_line_for_each_method_best_first_and_marks_the_model(night):
    head, first, second = evaluation(night).splitlines()
    assert head.split()[-4:] == ["F1@5", "F1@10", "HR@5", "NDCG@5"]
    assert first.startswith("> BiLSTM–Transformer ") and first.split()[-4:] == ["0.3150", "0.3300", "0.3150", "0.3150"]
    assert second.startswith("  what followed the last product (Markov)") and second.split()[-4:] == ["0.2100", "0.2200", "0.2100", "0.2100"]


def test_without_an_evaluation_it_says_which_job_makes_one(lake, tmp_path):
    assert "No method was evaluated. There is no table" in evaluation(shop.night(lake, tmp_path))


def test_places_are_whole_paths_but_a_schema_or_an_object_store_stays_as_it_is(night, told_folder):
    elsewhere = replace(night, lake=Lake(None, "main.shop"), settings=replace(night.settings, report_path="s3://shop/report.html"))
    lines = dict(line.split(maxsplit=1) for line in places(elsewhere).splitlines())
    assert lines == {"lake": "main.shop", "model": str(told_folder / "models" / f"fake-{shop.DS}"), "report": "s3://shop/report.html"}
