from collections import Counter

from tests.cluster.answer import apart


def test_rows_lost_and_rows_too_many_are_counted_and_figures_may_differ_in_their_last_digits():
    wanted = Counter({("a", (1.0, None)): 1, ("b", (2.0, 3.0)): 2, ("c", ()): 1})
    found = Counter({("a", (1.00001, None)): 1, ("b", (2.0, 3.0)): 3})
    assert apart(found, wanted) == (1, 1)


def test_a_figure_that_is_another_or_gone_is_a_row_lost_and_a_row_too_many():
    wanted = Counter({("a", (1.0,)): 1, ("b", (1.0,)): 1})
    found = Counter({("a", (1.1,)): 1, ("b", (None,)): 1})
    assert apart(found, wanted) == (2, 2)
