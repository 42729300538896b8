"""The Spark SQL of a mapping as columns, with faults that name the setting it stands in."""

from __future__ import annotations

import re

from pyspark.errors import AnalysisException, ParseException, PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.events.reading import CORRUPT
from recsys.events.source import Expression
from recsys.faults import BadSettings


def expression(raw: DataFrame, text: Expression, setting: str) -> Column:
    """The Spark SQL `text` as a column over `raw`.

    Raises:
        BadSettings: it does not parse, or uses what `raw` does not have.
    """
    found = [name for name in raw.columns if name not in (c.SOURCE_FILE, CORRUPT)]
    try:
        column = F.expr(text)
        raw.select(column.alias("value")).schema  # noqa: B018 (resolves the expression, also on Spark Connect)
        return column
    except ParseException as error:
        trouble = f"is not a Spark SQL expression: {gist(error)}"
    except AnalysisException as error:
        trouble = f"does not fit the columns found, {found}: {gist(error)}"
        if len(found) == 1:
            trouble += " One column only: is the delimiter right?"
    raise BadSettings(f"{setting} = '{text}' {trouble} Correct it in the source's YAML; nothing was written.")


def gist(error: PySparkException) -> str:
    line = next((line for line in str(error).splitlines() if line.strip()), "")
    return re.sub(r"^\[[^\]]*\]\s*", "", line).split(" SQLSTATE")[0].strip()


def text_value(raw: DataFrame, text: Expression | None, setting: str) -> Column:
    """The value as text without blanks around it; null where nothing is left, or where there is no expression."""
    value = F.lit(None) if text is None else expression(raw, text, setting)
    trimmed = F.trim(value.cast("string"))
    return F.when(trimmed != "", trimmed)


def typed_value(raw: DataFrame, text: Expression | None, setting: str, kind: str) -> Column:
    """The value as `kind`; null where it cannot be read as one, or where there is no expression."""
    if text is None:
        return F.lit(None).cast(kind)
    expression(raw, text, setting)
    return F.expr(f"try_cast((\n{text}\n) AS {kind})")  # on its own line, so that it may end in a comment


def number(raw: DataFrame, text: Expression | None, setting: str) -> Column:
    """The value as a finite number, or null. Spark sorts NaN above infinity."""
    value = typed_value(raw, text, setting, "double")
    return F.when(F.abs(value) < float("inf"), value)


def clean(text: Column) -> Column:
    """`text` with every run of blanks as one."""
    return F.regexp_replace(text, r"\s+", " ")
