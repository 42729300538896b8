from datetime import date

import pytest

from recsys.report import words


@pytest.mark.parametrize(("seconds", "said"), [
    (0.0123, "12.3 ms"), (1.25, "1.2 s"), (59.94, "59.9 s"), (192, "3 min 12 s"), (7260, "2 h 1 min"),
])
def test_a_duration_is_said_in_its_own_unit(seconds, said):
    assert words.duration(seconds) == said


@pytest.mark.parametrize(("parts", "said"), [([], "none"), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_a_listing_ends_in_and(parts, said):
    assert words.listing(parts) == said


@pytest.mark.parametrize(("value", "shown"), [
    (None, "–"), (True, "yes"), (12345, "12,345"), (0.123456, "0.1235"), (date(2024, 2, 29), "2024-02-29"), ("007", "007"),
])
def test_a_cell_shows_any_value(value, shown):
    assert words.cell(value) == shown


@pytest.mark.parametrize(("name", "said"), [
    ("n_cart", "number of cart events"), ("n_items", "number of items"), ("mean_gap_days", "mean gap days"), ("spend", "spend"),
])
def test_an_attribute_is_said_in_words(name, said):
    assert words.attribute(name) == said


def test_an_unknown_method_keeps_its_own_name():
    assert (words.method("bilstm_transformer"), words.method("my_new_method")) == ("BiLSTM–Transformer", "my new method")


def test_a_price_that_nobody_told_is_a_dash():
    assert [words.price(number) for number in (1234.5, 0.0)] == ["1,234.50", "–"]
