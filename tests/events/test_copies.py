from shop import a_source

from recsys.events.copies import tell_other_columns
from recsys.events.files import Unit

OLD = (("user", "text"), ("paid", "double"))


def test_what_is_new_gone_or_of_another_type_is_told_with_the_first_file_that_has_it(caplog):
    units = [Unit(name, name, "") for name in ("1.csv", "2.csv", "3.csv")]
    tell_other_columns(a_source("f", files__format="json"), [(OLD, units[:1]), ((("paid", "text"), ("colour", "text")), units[1:])])
    assert "shop: 2.csv and 1 more have other columns than 1.csv: new colour; gone user; of another type paid (double, then text)." in caplog.text
    assert "files.columns lists what is read" in caplog.text


def test_another_order_of_columns_is_no_difference(caplog):
    tell_other_columns(a_source("f"), [(OLD, [Unit("1.csv", "1.csv", "")]), (OLD[::-1], [Unit("2.csv", "2.csv", "")])])
    assert caplog.text == ""
