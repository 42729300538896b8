"""A plain sequence file, as papers on sequence models share them, in memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from recsys.faults import BadData, BadSettings

_ALIASES = {"product": "item", "movie": "item", "timestamp": "time"}
_MILLISECONDS = 1e11  # as seconds since 1970 the year 5138


@dataclass(frozen=True)
class Histories:
    """What every user did, in time order. User u holds the events from starts[u] to starts[u + 1]."""

    starts: np.ndarray  # int64 [users + 1]
    products: np.ndarray  # int32 [events], numbered from 1 in the order of their first event in the file
    names: tuple[str, ...]  # of the products by number; names[0] is ""
    times: np.ndarray | None = None  # float64 [events], seconds since 1970; None where the file has none

    @property
    def users(self) -> int:
        return len(self.starts) - 1

    @property
    def owners(self) -> np.ndarray:
        """The user of each event, int64 [events]."""
        return np.repeat(np.arange(self.users), np.diff(self.starts))

    def of(self, user: int) -> np.ndarray:
        return self.products[self.starts[user]:self.starts[user + 1]]


def read_histories(path: str | Path) -> Histories:
    """The histories in the file at `path`, which may be gzipped (`.gz`). Words are separated by blanks, tabs or commas.

    One of three forms, told apart by the file itself:
        `user item item ...`  a line for each user, in time order;
        `user item`           a line for each event, those of a user in time order; a header `user item` is left out;
        `user item time`      the same under exactly this header; time in seconds since 1970, or as a date.
    In a header `user_id`, `userId` and `user_id:token` are as good as `user`, and `timestamp` as `time`.

    Raises:
        BadSettings: there is no such file.
        BadData: it is in none of these forms.
    """
    try:
        with _opened(Path(path)) as lines:
            return _histories(str(path), _words(lines))
    except FileNotFoundError:
        raise BadSettings(f"There is no sequence file {path}. Give --sequences a file of lines `user item item ...` or `user item`.") from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise BadData(f"{path} cannot be read: {error}. It should be a text file in UTF-8, or one that gzip made and named .gz.") from None


def _opened(path: Path) -> TextIO:
    return gzip.open(path, "rt", encoding="utf-8-sig") if path.suffix == ".gz" else path.open(encoding="utf-8-sig")


def _words(lines: TextIO) -> Iterator[tuple[int, list[str]]]:
    """The words of every line that has any, with its number."""
    for number, line in enumerate(lines, start=1):
        if words := line.replace(",", " ").split():
            yield number, words


def _histories(path: str, lines: Iterator[tuple[int, list[str]]]) -> Histories:
    users, products, events = {}, {}, []
    timed, many, again = False, 0, 0  # the last lines of which more than one product, or a user who was there before, is known
    owners, times = [], []
    for number, words in lines:
        if not owners and not timed and (columns := _columns(words))[:2] == ["user", "item"]:
            if columns[2:] not in ([], ["time"]):
                raise BadData(f"{path}, line {number}: the header '{' '.join(words)[:60]}'. Keep the columns user, item and time, or user and item.")
            timed = len(columns) == 3
            continue
        if len(words) < 2 or (timed and len(words) != 3):
            raise BadData(f"{path}, line {number}: {len(words)} words, '{' '.join(words)[:60]}'. {_wanted(timed)}")
        many, again = number if len(words) > 2 else many, number if words[0] in users else again
        if not timed and many and again:
            raise BadData(
                f"{path}: line {many} has several products of one user, and line {again} a user who had a line before. "
                "Give every user one line of all products, or every event a line; if the third word is a time, begin the file with the line `user item time`."
            )
        own = words[1:2] if timed else words[1:]
        owners += [users.setdefault(words[0], len(users))] * len(own)
        events += [products.setdefault(word, len(products) + 1) for word in own]
        times += words[2:] if timed else []
    if not events:
        raise BadData(f"{path} holds no event. {_wanted(timed)}")
    seconds = _seconds(path, times) if timed else np.zeros(len(events))
    order = np.lexsort([np.arange(len(events)), seconds, owners])
    lengths = np.bincount(owners, minlength=len(users))
    return Histories(
        np.concatenate([[0], np.cumsum(lengths)]), np.array(events, np.int32)[order], ("", *products), seconds[order] if timed else None
    )


def _columns(words: list[str]) -> list[str]:
    """Words of a header as the names of what they may mean: `userId`, `user_id` and `user_id:token` are `user`."""
    names = [word.lower().partition(":")[0].removesuffix("id").removesuffix("_") for word in words]
    return [_ALIASES.get(name, name) for name in names]


def _seconds(path: str, times: list[str]) -> np.ndarray:
    """Seconds since 1970 of numbers or dates."""
    numbers = pd.to_numeric(pd.Series(times), errors="coerce")
    if numbers.isna().any():
        dates = pd.to_datetime(pd.Series(times), errors="coerce", utc=True, format="ISO8601")
        if dates.isna().any():
            neither = dates.isna() & numbers.isna()
            bad = int(np.flatnonzero(neither if neither.any() else dates.isna())[0])
            raise BadData(f"{path}, event {bad + 1}: the time '{times[bad][:40]}' is neither a number of seconds since 1970 nor a date such as 2017-12-30T08:15:00.")
        numbers = (dates - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    if not np.isfinite(numbers).all():
        bad = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise BadData(f"{path}, event {bad + 1}: the time '{times[bad][:40]}' is no number of seconds.")
    if np.median(numbers) > _MILLISECONDS:
        raise BadData(f"{path}: times such as {times[0][:40]} are no seconds since 1970 but milliseconds or finer. Divide them down to seconds, or write dates.")
    return numbers.to_numpy(np.float64)


def _wanted(timed: bool) -> str:
    if timed:
        return "Under the header `user item time` every line has these three words."
    return "A line is `user item item ...`, all of a user in time order, or `user item`, one event."
