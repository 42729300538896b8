"""A made-up shop for the tests: its log is `user,item,what,at,units,paid`, one line an event."""

import gzip

from recsys.configuration import fill
from recsys.events.source import Source

HEADER = "user,item,what,at,units,paid"


def a_source(path, **changes):
    """The shop's mapping; `changes` are top-level keys, or `section__key` inside a section."""
    mapping = {
        "name": "shop",
        "files": {"path": str(path)},
        "events": {
            "user_id": "user", "item_id": "item", "behaviour": "what", "event_time": "at", "quantity": "units", "price": "paid",
        },
        "time": {"format": "yyyy-MM-dd HH:mm:ss"},
        "behaviours": {"view": "browse", "buy": "purchase", "back": "return"},
        "accepted_reject_rate": 0.5,
    }
    for key, value in changes.items():
        section, _, name = key.partition("__")
        if name:
            mapping.setdefault(section, {})[name] = value
        else:
            mapping[key] = value
    return fill(Source, mapping, "shop.yaml")


def write_log(path, *lines, header=HEADER, encoding="utf-8"):
    """Write `lines` below `header` to `path`, gzipped if its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = "".join(f"{line}\n" for line in (header, *lines) if line is not None).encode(encoding)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path
