"""What a shop's log and product list look like: the settings in one YAML of conf/sources/."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import Field

from recsys.configuration import Location, Name, fill, frozen, read_mapping
from recsys.faults import BadSettings
from recsys.settings import Days, Settings, Share

# Repurchases are derived from purchases, so no code can stand for one.
LoggedBehaviour = Literal["browse", "collect", "cart", "purchase", "comment", "return"]
Expression = str  # Spark SQL over the columns of the file


@frozen
class FileSettings:
    path: Location  # file, folder, glob, URL, or package:name/file inside an installed Python package; ~ and $VARIABLES are filled in
    format: Literal["csv", "json", "parquet", "delta"] = "csv"  # json: one object on a line
    compression: Literal["none", "gzip", "bzip2", "zstd"] | None = None  # checked against the file name, by which Spark goes
    columns: tuple[Annotated[str, Field(min_length=1)], ...] = ()  # the columns that must be there; needed, in order, for csv without a header
    header: bool = True  # csv only, as are the next three
    delimiter: Annotated[str, Field(min_length=1, max_length=3)] = ","
    quote: Annotated[str, Field(max_length=1)] = '"'  # empty: nothing is quoted
    encoding: Literal["UTF-8", "ISO-8859-1", "US-ASCII", "UTF-16", "UTF-16LE", "UTF-16BE"] = "UTF-8"


@frozen
class EventColumns:
    user_id: Expression
    item_id: Expression
    behaviour: Expression  # the shop's code, translated by `behaviours`
    event_time: Expression  # where it makes a time of text itself, it says how: Spark's to_timestamp(x) and CAST(x AS timestamp) take 10:15 for a time of today
    basket_id: Expression | None = None  # without it, `basket_without_id` says what one basket is
    quantity: Expression | None = None  # units, positive also for returns; rows of other behaviours than purchase and return may lack it
    price: Expression | None = None  # of one unit; the same
    rating: Expression | None = None


@frozen
class TimeSettings:
    format: Annotated[str, Field(min_length=1)] = "timestamp"  # a Spark pattern, unix_seconds, unix_milliseconds, or timestamp: text with or without an offset; a column that is a time by its type is read as one, whatever stands here
    zone: str = "UTC"  # where the shop's days begin, and what a time shows that tells no zone itself
    first_day: date | None = None  # events before it are rejected
    last_day: date | None = None  # events after it are rejected


@frozen
class ProductColumns:
    name: Expression | None = None  # most frequent wording up to the day; without any, "Product <item_id>"
    category: Expression | None = None
    brand: Expression | None = None


@frozen
class ProductFile:
    files: FileSettings
    item_id: Expression
    price: Expression | None = None
    available: Expression | None = None
    known_from: Expression | None = None  # a timestamp, the clock of time.zone where it tells no offset: later rows replace earlier ones, rows after the day are not seen; empty: always known


@frozen
class ProductSettings:
    columns: ProductColumns = Field(default_factory=ProductColumns)  # over `file`, or over the log where there is none
    file: ProductFile | None = None
    price: Literal["latest_sale", "listed"] = "latest_sale"  # either falls back on the other, then on the latest price seen
    unknown_price: float = 0.0  # where no price was ever stated; nothing is sold for 0, so 0 says "not known"
    active_within_days: Days | None = None  # available only if an event is that recent; null leaves it to the product list


@frozen
class Source:
    name: Name
    about: str = ""  # what the data is called by those who publish it, and its terms
    files: FileSettings
    events: EventColumns
    time: TimeSettings
    behaviours: dict[str, LoggedBehaviour]
    ignored_behaviours: tuple[str, ...] = ()  # known codes that mean nothing here; quarantined, not counted as bad
    unknown_behaviour: Literal["refuse", "quarantine"] = "refuse"
    duplicates: Literal["drop", "keep"] = "drop"  # keep where the log has no clock: its equal rows are real
    basket_without_id: Literal["day", "time"] = "day"  # what a user does in one day, or at one moment, is one basket
    non_products: str | None = None  # item ids that match this regular expression are postage, fees ...
    accepted_reject_rate: Share = 0.01  # of one file of the log or the product list; above it nothing is written
    products: ProductSettings = Field(default_factory=ProductSettings)


def load_source(settings: Settings) -> Source:
    """The source that `settings` name, with the paths that `settings` lay over it."""
    path = settings.beside(settings.source)
    mapping = read_mapping(path)
    files = mapping.get("files") or {}
    if settings.source_path and isinstance(files, dict):  # anything else is told below
        mapping["files"] = {**files, "path": settings.source_path}
    source = fill(Source, mapping, str(path))
    if settings.products_path:
        if source.products.file is None:
            raise BadSettings(
                f"products_path is set, but {path} takes its products from the log; give it products.file or drop the setting."
            )
        mapping["products"]["file"]["files"]["path"] = settings.products_path
        source = fill(Source, mapping, str(path))
    _check(source, str(path))
    return source


@cache
def _zones() -> set[str]:
    return available_timezones() - {"localtime"}  # whatever this machine's clock shows


def _check(source: Source, where: str) -> None:
    if source.time.zone not in _zones():
        raise BadSettings(f"{where}: time.zone = '{source.time.zone[:80]}' is no time zone; write one like Europe/London or UTC.")
    first, last = source.time.first_day, source.time.last_day
    if first and last and first > last:
        raise BadSettings(f"{where}: time.first_day = {first} lies after time.last_day = {last}; no event could be accepted.")
    if not source.behaviours:
        raise BadSettings(f"{where}: behaviours is empty; map every code of the log to a behaviour, as in `view: browse`.")
    both = sorted(set(source.behaviours) & set(source.ignored_behaviours))
    if both:
        raise BadSettings(f"{where}: the codes {both} are in behaviours and in ignored_behaviours; keep them in one.")
    all_files = {"files": source.files}
    if source.products.file:
        all_files["products.file.files"] = source.products.file.files
    for name, files in all_files.items():
        if files.format == "csv" and not files.header and not files.columns:
            raise BadSettings(f"{where}: {name}.header is false, so {name}.columns must list the columns in their order.")
        twice = sorted({column for column in files.columns if files.columns.count(column) > 1})
        if twice:
            raise BadSettings(f"{where}: {name}.columns lists {twice} twice; give every column a name of its own.")
