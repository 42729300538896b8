"""From a file's own columns to ours: the shop's Spark SQL expressions, its clock and its behaviour codes."""

from __future__ import annotations

import re

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.events.expressions import clean, expression, gist, kind_of, number, text_value, typed_value
from recsys.events.reading import CORRUPT
from recsys.events.source import Expression, Source, TimeSettings
from recsys.faults import BadSettings
from recsys.lake import quoted

TIME_TEXT = "time_text"
BAD_NUMBER = "bad_number"
_NUMBERS = (c.QUANTITY, c.PRICE, c.RATING)
_DESCRIPTIONS = (c.NAME, c.CATEGORY, c.BRAND)
_TIMES = ("timestamp", "timestamp_ntz", "date")
_EPOCHS = {"unix_seconds": 1, "unix_milliseconds": 1_000}
_WALL_CLOCK = r"^[+-]?[\d-]+([ T][\d:.]*)?$"  # of what Spark reads as a timestamp, the text that tells no offset from UTC
_WITHOUT_DATE = r"^\s*T?\d{1,2}:"  # of the same, the text that Spark would take for a time of today
_LATEST_SECOND = 253_402_300_799  # the end of the year 9999


def to_canonical(raw: DataFrame, source: Source) -> DataFrame:
    """One row for every row of `raw`, in our columns; what cannot be understood is null.

    Returns:
        user, item, code, behaviour, time (UTC), day (where the shop is), basket, quantity, price, rating, the
        log's description of the product, `source_file`, `raw` (JSON of the row as it came, sorted by the names of its
        columns, since their order in a file says nothing), `time_text` and `bad_number`, by which rules tell the
        unreadable from the missing.
    """
    stated = vars(source.events)
    described = vars(source.products.columns) if source.products.file is None else {}
    whole = sorted(name for name in raw.columns if name != c.SOURCE_FILE)
    texts = {name: text_value(raw, stated[name], f"events.{name}") for name in (c.USER, c.ITEM, c.BASKET)}
    texts[c.CODE] = text_value(raw, source.events.behaviour, "events.behaviour")
    texts |= {name: clean(text_value(raw, described.get(name), f"products.columns.{name}")) for name in _DESCRIPTIONS}
    numbers = {name: number(raw, stated[name], f"events.{name}") for name in _NUMBERS}
    if stated[c.QUANTITY] is None:
        numbers[c.QUANTITY] = F.lit(1.0)
    bad_numbers = [value.isNull() & text_value(raw, stated[name], f"events.{name}").isNotNull() for name, value in numbers.items()]
    _check_zone(raw, source.time.zone)
    rows = raw.select(
        *(value.alias(name) for name, value in (texts | numbers).items()),
        _bool_or(bad_numbers).alias(BAD_NUMBER),
        text_value(raw, source.events.event_time, "events.event_time").alias(TIME_TEXT),
        _possible(_time(raw, source.events.event_time, source.time)).alias(c.TIME),
        (F.col(CORRUPT) if CORRUPT in whole else F.lit(None).cast("string")).alias(CORRUPT),
        F.to_json(F.struct(*(F.col(quoted(name)) for name in whole))).alias(c.RAW),
        c.SOURCE_FILE,
    )
    return _derive(rows, source)


def _bool_or(conditions: list[Column]) -> Column:
    return F.coalesce(F.array_max(F.array(*conditions)), F.lit(False))


def _time(raw: DataFrame, text: Expression, settings: TimeSettings) -> Column:
    """The moment as a timestamp. Null where the text does not fit the format; a column that is a time by its type needs none."""
    setting = "events.event_time"
    value = expression(raw, text, setting)
    if settings.format == "timestamp" or kind_of(raw, value) in _TIMES:
        return timestamp(raw, text, setting, settings.zone)
    if settings.format in _EPOCHS:
        seconds = number(raw, text, setting) / _EPOCHS[settings.format]
        return F.when(F.abs(seconds) <= _LATEST_SECOND, F.timestamp_seconds(seconds))
    _check_pattern(raw, settings.format)
    moment = F.try_to_timestamp(value.cast("string"), F.lit(settings.format))
    tells_offset = re.search("[XxZVOz]", re.sub(r"'[^']*'", "", settings.format))
    return moment if tells_offset else F.to_utc_timestamp(moment, settings.zone)


def timestamp(raw: DataFrame, text: Expression | None, setting: str, zone: str) -> Column:
    """The value as a moment, null where it is none: what tells no offset from UTC is the clock of `zone`, and a time needs its date."""
    moment = typed_value(raw, text, setting, "timestamp")
    if text is None:
        return moment
    kind = kind_of(raw, expression(raw, text, setting))
    if kind != "string":
        return F.to_utc_timestamp(moment, zone) if kind in ("timestamp_ntz", "date") else moment
    told = text_value(raw, text, setting)
    return F.when(told.rlike(_WALL_CLOCK), F.to_utc_timestamp(moment, zone)).when(~told.rlike(_WITHOUT_DATE), moment)


def _possible(moment: Column) -> Column:
    """`moment`, or null where not every tool that reads the table knows its year."""
    return F.when(F.year(moment).between(2, 9998), moment)


def _check_pattern(raw: DataFrame, pattern: str) -> None:
    try:
        raw.sparkSession.range(1).select(F.try_to_timestamp(F.lit("?"), F.lit(pattern))).first()
    except PySparkException as error:
        raise BadSettings(
            f"time.format = '{pattern}' is not a Spark pattern, as yyyy-MM-dd HH:mm:ss is: {gist(error)} Nothing was written."
        ) from None


def _check_zone(raw: DataFrame, zone: str) -> None:
    try:
        raw.sparkSession.range(1).select(F.from_utc_timestamp(F.timestamp_seconds(F.lit(0)), zone)).first()
    except (PySparkException, Py4JJavaError):
        raise BadSettings(f"time.zone = '{zone}' is no time zone to Java; write one like Europe/London or UTC. Nothing was written.") from None


def _derive(rows: DataFrame, source: Source) -> DataFrame:
    behaviours = F.create_map(*(F.lit(part) for pair in source.behaviours.items() for part in pair))
    day = F.to_date(F.from_utc_timestamp(c.TIME, source.time.zone))
    moment = day if source.basket_without_id == "day" else F.col(c.TIME)
    basket = F.coalesce(c.BASKET, F.concat_ws("@", c.USER, moment.cast("string")))
    return rows.withColumns({
        c.BEHAVIOUR: F.try_element_at(behaviours, F.col(c.CODE)), c.DAY: day, c.BASKET: basket, c.SOURCE: F.lit(source.name),
    })
