from collections import Counter

from tests.cluster.answer import apart, difference, other_weights


def test_rows_lost_and_rows_too_many_are_counted_and_figures_may_differ_in_their_last_digits():
    wanted = Counter({("a", (1.0, None)): 1, ("b", (2.0, 3.0)): 2, ("c", ()): 1})
    found = Counter({("a", (1.00001, None)): 1, ("b", (2.0, 3.0)): 3})
    assert apart(found, wanted) == (1, 1)


def test_a_figure_that_is_another_or_gone_is_a_row_lost_and_a_row_too_many():
    wanted = Counter({("a", (1.0,)): 1, ("b", (1.0,)): 1})
    found = Counter({("a", (1.1,)): 1, ("b", (None,)): 1})
    assert apart(found, wanted) == (2, 2)


def test_models_are_equal_where_their_weights_are_the_same_bytes(tmp_path):
    for lake, weights in {"expected": {"one": b"1", "two": b"2", "three": b"3"}, "found": {"one": b"1", "two": b"0", ".partial": b"3"}}.items():
        for model, held in weights.items():
            folder = tmp_path / lake / model
            folder.mkdir(parents=True)
            (folder / "weights.npz").write_bytes(held)
    assert other_weights(tmp_path / "found", tmp_path / "expected") == ["three", "two"]


def test_no_table_is_compared_where_none_is_asked_for(tmp_path):
    (tmp_path / "expected" / "events" / "_delta_log").mkdir(parents=True)
    (tmp_path / "expected" / "events" / "_delta_log" / "0.json").write_text('{"add": {"path": "gone.parquet", "partitionValues": {}}}')
    assert not difference(tmp_path / "found", tmp_path / "expected", only=set())
