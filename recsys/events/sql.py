"""Which Spark SQL a mapping may hold: one value worked out of one row, alike whenever and wherever it is worked out.

Spark would also run other code (`java_method`), read other tables, look at its own machine, or draw a number.
So the text is cut as Spark's own lexer cuts it, and what is not known to be harmless is refused before Spark sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

MOST_LETTERS, MOST_PARTS, MOST_BRACKETS = 4_000, 1_000, 50

FUNCTIONS = frozenset("""
    abs array array_compact array_contains array_distinct array_join array_max array_min array_position array_remove array_size array_sort
    ascii base64 bin bround btrim cardinality cast cbrt ceil ceiling char char_length character_length chr coalesce concat concat_ws contains
    conv convert_timezone crc32 date date_add date_diff date_format date_from_unix_date date_part date_sub date_trunc dateadd datediff
    datepart day dayname dayofmonth dayofweek dayofyear decimal decode double element_at elt encode endswith equal_null exists exp extract
    factorial filter find_in_set flatten float floor forall format_number format_string from_csv from_json from_unixtime from_utc_timestamp
    get get_json_object greatest hash hex hour if ifnull initcap instr int isnan isnotnull isnull json_array_length json_object_keys
    last_day lcase least left len length levenshtein ln locate log log10 log2 lower lpad ltrim make_date make_timestamp make_timestamp_ltz
    make_timestamp_ntz map map_concat map_contains_key map_entries map_from_arrays map_keys map_values md5 minute mod month monthname
    named_struct nanvl negative next_day nullif nullifzero nvl nvl2 octet_length overlay parse_url pmod position positive pow power quarter
    regexp_count regexp_extract regexp_extract_all regexp_instr regexp_like regexp_replace regexp_substr replace reverse right rint round
    rpad rtrim second sha sha1 sha2 sign signum slice smallint sort_array soundex split split_part sqrt startswith str_to_map string struct
    substr substring substring_index timestamp timestamp_micros timestamp_millis timestamp_seconds tinyint to_binary to_char to_date
    to_number to_timestamp to_timestamp_ltz to_timestamp_ntz to_unix_timestamp to_utc_timestamp transform translate trim trunc try_add
    try_cast try_divide try_element_at try_mod try_multiply try_subtract try_to_binary try_to_number try_to_timestamp try_url_decode typeof
    ucase unbase64 unhex unix_date unix_micros unix_millis unix_seconds upper url_decode url_encode weekday weekofyear
    width_bucket xxhash64 year zeroifnull bigint binary boolean
""".split())
_BEFORE_BRACKETS = frozenset("all and any between by case distinct div else escape ilike in is like not or rlike some then varchar when".split())
# Spark takes these for functions, without brackets too, where the file has no column of that name.
_OF_THE_MOMENT = frozenset("""
    current_catalog current_database current_date current_schema current_time current_timestamp current_timezone current_user curdate grouping__id
    localtimestamp now session_user user
""".split())
_HIDDEN = frozenset(("_metadata", "source_file", "_corrupt_record"))
_DATED = re.compile(r"""[rR]?['"]\s*[+-]?\d{4}""")  # a text that tells its year; what now, today or 10:15 mean the clock would tell
_QUERIES = frozenset("from map reduce select table values with".split())
_PART = re.compile(
    r"""(?P<space>\s+|--[^\r\n\\]*(?=[\r\n]|$))|(?P<text>[rR]'[^']*'|[rR]"[^"]*"|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")"""
    r"""|(?P<quoted>`(?:[^`]|``)*`)|(?P<word>\w+)|(?P<sign>/(?!\*)|-(?!-)|[()\[\].,=<>!+*%&|^~:])""",
    re.DOTALL,
)


def objection(text: str, columns: Sequence[str]) -> str | None:
    """What is wrong with `text` as an expression over `columns`; None where nothing is."""
    if len(text) > MOST_LETTERS:
        return f"has {len(text):,} letters, and {MOST_LETTERS:,} are the most."
    parts = list(_parts(text))
    if len(parts) > MOST_PARTS:
        return f"has {len(parts):,} words and signs, and {MOST_PARTS:,} are the most."
    told = next((value for kind, value in parts if kind == "odd"), None)
    if told is not None:
        return f"holds {told[:20]!r}, which no expression of a mapping may: comments other than a last `-- …`, variables and open quotes are not read."
    known = {name.lower() for name in columns}
    before = [("", ""), *parts]
    after = [*parts[1:], ("", "")]
    found = (_refused(last, part, following, known) for last, part, following in zip(before, parts, after))
    return _brackets(parts) or next((trouble for trouble in found if trouble), None)


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Words, quoted names, texts and signs, as Spark cuts them; `odd` for what is not read."""
    place = 0
    while place < len(text):
        match = _PART.match(text, place)
        if match is None or "${" in match.group() or "\x00" in match.group():
            yield "odd", text[place:]
            return
        if match.lastgroup != "space":
            yield match.lastgroup, match.group()
        place = match.end()


def _brackets(parts: list[tuple[str, str]]) -> str | None:
    depth = deepest = 0
    for _, value in parts:
        depth += (value == "(") - (value == ")")
        deepest = max(deepest, depth)
        if depth < 0:
            break
    if depth:
        return "is not a Spark SQL expression: its brackets do not match."
    return f"has brackets {deepest} deep, and {MOST_BRACKETS} is the most." if deepest > MOST_BRACKETS else None


def _refused(last: tuple[str, str], part: tuple[str, str], following: tuple[str, str], known: set[str]) -> str | None:
    kind, value = part
    word, called = value.lower(), following[1] == "("
    if kind in ("text", "quoted") and called:
        return f"calls {value[:40]}; write the name of a function without quotes."
    if kind == "quoted" and word.strip("`") in _HIDDEN - known:
        return _hidden(word)
    if kind != "word":
        return None
    if called and word not in FUNCTIONS | _BEFORE_BRACKETS:
        return (
            f"calls {value[:40]}, which a mapping may not: it works one value out of one row, alike at any time. Sums, windows, "
            f"draws of chance, the clock and Java are left out; what may be called is listed in recsys/events/sql.py."
        )
    if word in _QUERIES and last[1] == "(" and not called:
        return f"begins a query with {value}; a mapping reads no table. If {value} is a column, write it as `{value}` in backquotes."
    if word == "using" and word not in known:
        return "says USING, which hands rows to another program."
    if word in _HIDDEN - known:
        return _hidden(word)
    if word in _OF_THE_MOMENT - known and last[1] != ".":
        return f"does not fit the columns found, {sorted(known)[:100]}: without a column {value}, Spark would take it from the clock or the machine."
    if word in ("timestamp", "date", "timestamp_ntz", "timestamp_ltz") and following[0] == "text" and not _DATED.match(following[1]):
        return f"takes {value} {following[1]} from the clock."
    return None


def _hidden(name: str) -> str:
    return f"uses {name}, which tells where a row lies and not what it says."
