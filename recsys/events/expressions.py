"""The Spark SQL of a mapping as columns, with faults that name the setting it stands in."""

from __future__ import annotations

import re

from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException, ParseException, PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.events.reading import CORRUPT
from recsys.events.source import Expression
from recsys.events.sql import objection
from recsys.faults import BadSettings

_ALONE = "({})"
_MANY = ("array", "map", "struct")
_WHOLE = 2.0**53  # below it a double tells whole numbers apart
_POINT_ZEROS = r"\.0+$"  # of a whole number in a decimal column
_MOST_SHOWN = 100  # columns of a file


def expression(raw: DataFrame, text: Expression, setting: str) -> Column:
    """The Spark SQL `text` as a column over `raw`.

    Raises:
        BadSettings: it does not parse, does what no mapping may, uses what `raw` does not have, or is no single value.
    """
    return _checked(raw, text, setting, _ALONE)


def _checked(raw: DataFrame, text: Expression, setting: str, around: str) -> Column:
    found = [name for name in raw.columns if name not in (c.SOURCE_FILE, CORRUPT)]
    trouble = objection(text, found)
    try:
        if not trouble:
            column = F.expr(around.format(f"\n{text}\n"))  # on lines of its own, so that it may end in a comment
            kind = kind_of(raw, column)
            if not kind.startswith(_MANY):
                return column
            trouble = f"is of type {kind[:80]}, and one value is asked for."
    except ParseException as error:
        trouble = f"is not a Spark SQL expression: {gist(error)}"
    except AnalysisException as error:
        trouble = f"does not fit the columns found, {found[:_MOST_SHOWN]}: {gist(error)}"
        if len(found) == 1:
            trouble += " One column only: is the delimiter right?"
    except Py4JJavaError as error:  # what Spark itself did not expect in an expression
        trouble = f"is not understood by Spark: {str(error.java_exception.getMessage()).splitlines()[0][:300]}"
    shown = " ".join(text.split())[:200]
    raise BadSettings(f"{setting} = '{shown}' {trouble} Correct it in the source's YAML; nothing was written.")


def kind_of(raw: DataFrame, value: Column) -> str:
    """The type of `value` over `raw`, as Spark SQL writes it; resolves the expression, also on Spark Connect."""
    return raw.select(value.alias("value")).dtypes[0][1]


def gist(error: PySparkException) -> str:
    line = next((line for line in str(error).splitlines() if line.strip()), "")
    return re.sub(r"^\[[^\]]*\]\s*", "", line).split(" SQLSTATE")[0].strip()[:500]


def text_value(raw: DataFrame, text: Expression | None, setting: str) -> Column:
    """The value as text without blanks around it; null where nothing is left, or where there is no expression."""
    if text is None:
        return F.lit(None).cast("string")
    value = expression(raw, text, setting)
    words = value.cast("string")
    kind = kind_of(raw, value)
    if kind.startswith("decimal"):
        words = F.regexp_replace(words, _POINT_ZEROS, "")
    elif kind in ("float", "double"):
        # What exports make of whole numbers where one of them is missing: 17850 is 17850 there too, and not 17850.0.
        is_whole = (F.abs(value) < _WHOLE) & (value == F.floor(value))
        words = F.when(is_whole, F.when(is_whole, value).cast("bigint").cast("string")).otherwise(words)
    trimmed = F.trim(words)
    return F.when(trimmed != "", trimmed)


def typed_value(raw: DataFrame, text: Expression | None, setting: str, kind: str) -> Column:
    """The value as `kind`; null where it cannot be read as one, or where there is no expression."""
    if text is None:
        return F.lit(None).cast(kind)
    expression(raw, text, setting)
    return _checked(raw, text, setting, f"try_cast(({{}}) AS {kind})")


def number(raw: DataFrame, text: Expression | None, setting: str) -> Column:
    """The value as a finite number, or null. Spark sorts NaN above infinity."""
    value = typed_value(raw, text, setting, "double")
    return F.when(F.abs(value) < float("inf"), value)


def clean(text: Column) -> Column:
    """`text` with every run of blanks as one."""
    return F.regexp_replace(text, r"\s+", " ")
