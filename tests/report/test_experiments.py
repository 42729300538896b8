import html
import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from recsys import columns as c
from recsys.evaluation.sequence_model import trained_models
from recsys.experiments.plan import Experiment
from recsys.night import Night
from recsys.report.experiments import page
from recsys.report.trials import ablation as parts
from recsys.report.trials import provenance, rates
from recsys.report.trials.results import Results
from recsys.report.trials.verdicts import together, verdict
from recsys.settings import EvaluationSettings, Settings
from tests.report import told_experiments

_CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture(scope="module")
def lake(spark, tmp_path_factory):
    return told_experiments.written(spark, tmp_path_factory.getbasetemp() / "experiments")


@pytest.fixture(scope="module")
def written(lake):
    """The page of the four experiments."""
    found = told_experiments.experiments(lake)
    return page(found, [*(experiment for experiment, _ in found), replace(found[0][0], name="later", title="To be done")])


@pytest.fixture(scope="module")
def sections(written):
    """What a reader sees of each section, by its anchor: without tags, in one line."""
    found = re.findall(r'<section id="(\w+)"[^>]*>(.*?)</section>', written, re.DOTALL)
    return {anchor: " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split()) for anchor, body in found}


def test_the_first_screen_says_what_was_compared_and_counts_only_the_honest_cut_of_a_real_log(sections):
    assert sections["headline"].startswith(
        "The BiLSTM–Transformer of the first paper and 3 other methods made lists for the same users on Complete Journey and simulated data, "
        "and were judged by what these users went on to do. Against the best other method, without RNN, popularity, recent popularity, own favourites "
        "and what followed the last product (Markov), which have no figures, it is, on real logs, ahead by NDCG@10, and not ahead by F1 at every list length."
    )


def test_of_several_experiments_the_first_screen_says_in_how_many_which_methods_have_no_figures(lake):
    (experiment, night), *_ = told_experiments.experiments(lake)
    evaluation = replace(night.settings.evaluation, controls=("association_rules", "collaborative_filtering"))
    whole = replace(night, settings=replace(night.settings, evaluation=evaluation))
    told = page([(replace(experiment, models=(experiment.models[0],)), whole), (experiment, whole)])
    assert "Against the best other method, in 2 experiments on real logs, in 1 of them without RNN, which has no figures, it is ahead in 2 by NDCG@10" in told


def test_the_first_screen_has_one_line_for_each_experiment_with_ratios_beside_those_of_the_paper(sections):
    told = sections["headline"]
    assert (
        "Tea & <b>cake</b>, by time ahead of association rules, without RNN, popularity, recent popularity, own favourites "
        "and what followed the last product (Markov), which have no figures ahead at 1 of 2 lengths, no difference shown at 1 association rules "
        "40 0.3000 2.00 × 1.50 ×"
    ) in told
    assert "The first paper's own figures (theirs: other data, unknown protocol; not comparable) – – – – – 1.37 × 1.29 ×" in told


def test_a_simulated_log_and_a_cut_that_leaks_are_labelled_wherever_the_experiment_is_named(sections, written):
    assert "A shop that never was (simulated data; leaks the future) not compared not compared" in sections["headline"]
    assert sections["made_up"].startswith("A shop that never was (simulated data; leaks the future) The log is simulated")
    assert sections["made_up"].count("Simulated data; leaks the future.") == len(re.findall("<figure", written.split('id="made_up"')[1].split("</section>")[0]))


def test_all_methods_stand_beside_each_other_once_for_all_experiments(sections):
    told = sections["overview"]
    assert "experiment BiLSTM–Transformer association rules collaborative filtering <script>x" in told
    assert "Tea & <b>cake</b>, by time 0.3000 0.2000 0.1500 –" in told and "Tea & <b>cake</b>, by time 0.5000 0.4000 0.3000 –" in told
    assert "A shop that never was (simulated data; leaks the future) – – 0.1000 0.1000" in told


def test_one_experiment_is_not_told_twice(lake):
    assert 'id="overview"' not in page(told_experiments.experiments(lake)[:1])


def test_f1_is_told_at_every_length_with_its_mean_and_how_many_times_the_model_has_it(sections):
    assert "method F1@5 F1@10 mean the model has BiLSTM–Transformer 0.2000 0.4000 0.3000 –" in sections["real_time"]
    assert "collaborative filtering 0.1000 0.2000 0.1500 2.00 ×" in sections["real_time"]


def test_every_difference_comes_with_its_interval_its_ratio_and_a_verdict(sections):
    assert "association rules ahead ahead at 1 of 2 lengths, no difference shown at 1 +0.1000 +0.0500 to +0.1500 1.25 ×" in sections["real_time"]
    assert "collaborative filtering ahead ahead at all 2 lengths +0.2000 +0.1000 to +0.3000 1.25 ×" in sections["real_time"]


def test_rates_stand_beside_those_of_the_paper_and_what_the_log_lacks_is_not_zero(sections):
    told = sections["real_time"]
    assert "Not measurable here, for want of behaviours in the log: the favourable rate needs purchases or ratings" in told
    assert "BiLSTM–Transformer 10.0 % 50.0 % not measurable here" in told and "collaborative filtering 5.0 % – not measurable here" in told
    assert "AdaBoost 78.0 % 82.0 % 85.0 %" in told and "Two things that must not be compared" in told
    assert "the click-through rate needs browsing" in sections["made_up"] and "AdaBoost 78.0 %" not in sections["made_up"]


def test_ratios_between_methods_stand_beside_those_of_the_second_paper():
    gaps = {("dnn", "adaboost"): (1.2, 0.01, 0.03), ("bilstm_transformer", "adaboost"): (1.5, -0.01, 0.2)}
    row = {pair: {c.RATIO: ratio, c.LOW: low, c.HIGH: high, c.USERS: 99} for pair, (ratio, low, high) in gaps.items()}
    results = SimpleNamespace(
        model="bilstm_transformer", figures={name: {} for name in ("bilstm_transformer", "dnn", "adaboost")},
        between=lambda name, other, metric: row[name, other] if metric == "click_through_rate" else None,
    )
    (grid,) = rates._ratios(results, ["click_through_rate", "transaction_rate"])
    assert grid.rows == [
        ["DNN by AdaBoost", "1.20 ×, ahead", "–, not compared", "not measurable here", "1.14 × / 1.12 × / 1.12 ×"],
        ["BiLSTM–Transformer by AdaBoost", "1.50 ×, no difference shown", "–, not compared", "not measurable here", None],
    ]


def test_each_slice_shows_the_best_other_method_in_it(sections):
    assert "everybody 40 0.5000 association rules 0.4000 +0.1000 +0.0500 to +0.1500 ahead" in sections["real_time"]
    assert "new products 40 0.0200 collaborative filtering 0.0400 -0.0200 -0.0300 to -0.0100 behind" in sections["real_time"]


def test_costs_are_told_in_one_unit_a_column_and_a_missing_one_is_a_dash(sections):
    assert "BiLSTM–Transformer 120.0 0.0 4.2 9.9 2,500 10 3.0 2.0" in sections["real_time"]
    assert "collaborative filtering – 8.0 – – – – – –" in sections["real_time"]
    assert "the list of a model from the history in memory, that of a control from the stored history, through Spark" in sections["real_time"]


def test_intervals_are_said_to_speak_of_other_users_and_not_of_other_seeds(sections):
    assert "or other seeds, for a model's figures are means over its seeds, and only users are drawn anew" in sections["limits"]


def test_seeds_deviations_and_lists_that_were_filled_up_are_told(sections):
    assert "seeds F1@10 deviation NDCG@10 deviation BiLSTM–Transformer 2 0.4000 0.0123 0.5000 –" in sections["real_time"]
    assert "and popular products the rest: collaborative filtering 75.0 %." in sections["real_time"]


def test_a_method_without_figures_is_named(sections):
    assert "Without figures: RNN, popularity" in sections["real_time"]
    assert "Without figures: BiLSTM–Transformer" in sections["made_up"]


def test_who_was_still_getting_better_when_training_was_over_is_named(tmp_path):
    models, seeds, ds = ("models/rnn.yaml", "models/sasrec.yaml"), (17, 18), date(2024, 3, 10)
    settings = Settings(source="shop.yaml", models=str(tmp_path), evaluation=EvaluationSettings(models=models, seeds=seeds), folder=str(_CONF))
    best = {"rnn": (3, 2), "sasrec": (3, 3)}  # epoch of three, by seed
    for name, folders in trained_models(settings, ds).items():
        for folder, epoch in zip(folders, best[name]):
            manifest = {"version": "1", "history": [{}, {}, {}], "metrics": {"validation_ndcg": 0.1, "epoch": epoch}}
            Path(folder).mkdir()
            Path(folder, "manifest.json").write_text(json.dumps(manifest))
    experiment = Experiment(name="e", title="E", settings="shop.yaml", ds=ds, protocol="time", models=models, seeds=seeds)
    assert (
        "Every model was trained with the seeds 17 and 18, and its figures are means over them. RNN with seed 17 and SASRec with the seeds 17 and 18 were "
        "still getting better on the validation part when the epochs or minutes of training were over"
    ) in provenance._training(Results(experiment, Night(None, settings, ds, ds)))


def test_an_ablation_says_which_parts_earn_their_place_and_which_do_not(sections):
    assert (
        "By NDCG@10, a gain is shown for the BiLSTM. No gain is shown for time gaps: the interval of the difference holds zero. "
        "The lists are better without the user's segment."
    ) in sections["parts"]
    assert "without time gaps 0.5000 +0.0050 -0.0100 to +0.0200 no gain shown" in sections["parts"]
    assert "without time gaps 0.5000 +0.0050 -0.0100 to +0.0200 no difference shown" in sections["parts"]
    assert "What each part of the model is worth" not in sections["real_time"]


def test_of_parts_without_an_interval_no_picture_is_drawn():
    assert parts._picture(SimpleNamespace(variants=["without_gaps"], gap=lambda *_: {c.LOW: None})) == []


def test_what_is_missing_names_what_to_run_and_costs_the_rest_nothing(sections):
    assert sections["never"].startswith("Never evaluated Nothing to show here yet.") and "Run jobs/evaluate_models.py" in sections["never"]
    assert "holds nothing for 2024-03-11" in sections["made_up"] and "Or run jobs/run_experiments.py --only made_up." in sections["made_up"]
    assert "collaborative filtering 0.1000 0.1000" in sections["made_up"]


def test_names_are_escaped_and_nobody_is_asked_for_anything(written):
    assert "<script" not in written and "&lt;script&gt;x" in written and "&lt;b&gt;cake" in written
    assert all(link.startswith(("#", "data:image/svg+xml;base64,")) for link in re.findall(r'(?:src|href)="([^"]+)"', written))
    assert "url(" not in written and "@import" not in written


def test_settings_and_the_plan_of_each_experiment_are_folded_away(sections):
    assert "Settings of Tea & <b>cake</b>, by time" in sections["provenance"] and "simulated: true" in sections["provenance"]


def test_the_code_that_judged_an_experiment_last_is_told(sections):
    assert re.search(r"Tea & <b>cake</b>, by time 2024-03-10 not written \d+ 0\.2, new ", sections["provenance"])


def test_experiments_of_the_set_that_were_not_carried_out_as_it_stands_are_named(sections):
    assert "Of this set 1 of 5 are not shown, since they were not carried out with the present settings: To be done." in sections["headline"]


def test_without_any_experiment_the_page_says_what_to_run():
    assert "No experiment has figures yet. Run jobs/run_experiments.py" in page([])


@pytest.mark.parametrize(("low", "high", "users", "said"), [
    (0.001, 0.2, 40, "ahead"), (-0.2, -0.001, 40, "behind"), (0.0, 0.2, 40, "no difference shown"), (-0.1, 0.1, 40, "no difference shown"),
    (0.001, 0.2, 39, "too few users"), (None, None, 40, "not compared"),
])
def test_only_an_interval_over_enough_users_that_excludes_zero_puts_one_ahead(low, high, users, said):
    assert verdict({c.LOW: low, c.HIGH: high, c.USERS: users}) == said


@pytest.mark.parametrize(("verdicts", "said"), [
    ([], "not compared"), (["ahead"], "ahead"), (["behind"] * 3, "behind at all 3 lengths"), (["not compared"] * 3, "not compared"),
    (["no difference shown", "ahead", "behind", "ahead"], "ahead at 2 of 4 lengths, behind at 1, no difference shown at 1"),
])
def test_verdicts_over_lengths_are_told_together(verdicts, said):
    assert together(verdicts) == said
