from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.events.sql import objection

COLUMNS = ["who", "item", "at", "paid", "table", "us`er"]


def expressions(value):
    """All texts below the keys of a mapping file that hold Spark SQL."""
    products = value.get("products", {})
    file = products.get("file", {})
    return [*value["events"].values(), *products.get("columns", {}).values(), *(text for name, text in file.items() if name != "files")]


@pytest.mark.parametrize("path", sorted(Path("conf/sources").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_mapping_may_do_what_it_does(path):
    known = ["timestamp", "date", "user"]
    assert [text for text in expressions(yaml.safe_load(path.read_text(encoding="utf-8"))) if objection(str(text), known)] == []


@pytest.mark.parametrize(
    "text",
    [
        "who", "`us``er`", "table", "upper(who) -- shouted", "'it''s \\' rand()'", "\"rand()\"", "r'\\'", "paid::double", "split(who, '-')[0]",
        "if(who LIKE ANY ('a%', 'b%'), NULL, trim(BOTH 'x' FROM who))", "extract(DAY FROM to_timestamp(at))", "CASE WHEN (who IN ('a')) THEN 1 END",
        "cast(paid AS decimal(10, 2)) / nullif(paid, 0)", "transform(split(who, ''), x -> upper(x))[0]", "timestamp'2020-01-01 00:00:00'",
    ],
)
def test_one_value_of_one_row_may_be_worked_out(text):
    assert objection(text, COLUMNS) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("java_method('java.lang.System', 'exit', 1)", "calls java_method"),
        ("reflect('java.lang.System', 'getenv', 'HOME')", "calls reflect"),
        ("`reflect`('a', 'b')", "calls `reflect`"),
        ("upper(system.builtin.reflect('a', 'b'))", "calls reflect"),
        ("r'\\' || reflect('a', 'b') || '", "open quotes"),
        ("r'\\' || reflect('a', 'b') || ''", "calls reflect"),
        ("who -- \\\n' || reflect('a', 'b') -- '", "may"),
        ("who /* ' */ || reflect('a', 'b') /* ' */", "may"),
        ("identifier('reflect')('a', 'b')", "calls identifier"),
        ("(SELECT max(who) FROM events)", "begins a query with SELECT"),
        ("who IN (TABLE events)", "begins a query with TABLE"),
        ("((VALUES ('a')))", "calls VALUES"),
        ("(FROM events |> SELECT who)", "begins a query with FROM"),
        ("(map(who) USING 'sh' FROM events)", "says USING"),
        ("sum(paid)", "calls sum"),
        ("lag(who) OVER (ORDER BY at)", "calls lag"),
        ("explode(split(who, ''))", "calls explode"),
        ("rand()", "calls rand"),
        ("now()", "calls now"),
        ("current_timestamp", "from the clock"),
        ("user", "without a column user"),
        ("timestamp'now'", "from the clock"),
        ("timestamp'10:15:00.0000'", "from the clock"),
        ("_metadata.file_path", "uses _metadata"),
        ("`_metadata`.file_path", "uses `_metadata`"),
        ("input_file_name()", "calls input_file_name"),
        ("'${env:HOME}'", "variables"),
        ("who; DROP TABLE events", "may"),
        ("who) AS a, (item", "brackets do not match"),
        (":who || ?", "may"),
        ("secret('scope', 'key')", "calls secret"),
        ("xpath_string(who, 'a')", "calls xpath_string"),
        ("(" * 60 + "who" + ")" * 60, "60 deep"),
        ("who || " * 600 + "who", "letters"),
        ("a+" * 600 + "a", "words and signs"),
        ("who\x00", "may"),
    ],
)
def test_what_a_mapping_may_not_do_is_refused_before_spark_sees_it(text, told):
    assert told in objection(text, COLUMNS)


@settings(max_examples=500)
@given(st.lists(st.sampled_from(["'", '"', "`", "\\", "--", "\n", "/*", "*/", "(", ")", "r", "who", "reflect", "''", " ", "${", ".", ","]), max_size=14).map("".join))
def test_no_quoting_lets_a_call_through(text):
    """The call stands outside of any quotes as Spark cuts them, so no text around it may hide it."""
    for call in ("reflect('a')", "rand()"):
        if objection(text, COLUMNS) is None:
            assert objection(f"{text}\n{call}", COLUMNS) is not None
