"""What a log, a manifest, a report or the table `runs` must not tell."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

MASK = "***"
SECRET_NAME = re.compile("secret|password|passwd|token|credential|signature|key", re.IGNORECASE)  # fs.s3a.access.key, fs.azure.account.key
# user:password@ of any URL, but not host:8020/a@b; in abfss://container@account there is no password. Of http also a token alone.
_IN_URL = re.compile(r"""([a-z][a-z0-9+.-]*://)[^/\s:@'"]*:(?!\d+/)[^\s'"]*@|(https?://)[^/\s@'"]+@""", re.IGNORECASE)
_ASSIGNED = re.compile(  # ?sig=…, -Dpassword=…, AccountKey=…, secret.key: …, and as a fault tells of a setting; between quotation marks up to the other one
    r"""((?<![\w.-])[\w.-]*(?:secret|password|passwd|token|credential|signature|\bsig\b|(?:access|account|api|private)[._-]?key)[\w.-]*['"]?\s?[=:]\s?\[*(['"])?)"""
    r"""(?(2).*?(?=\2|\Z)|[^&;,\s'"\]}]+)""",
    re.IGNORECASE | re.DOTALL,
)


def masked(text: str) -> str:
    """`text` without the credentials of URLs and without values that stand behind the name of a secret and `=` or `:`."""
    return _ASSIGNED.sub(rf"\1{MASK}", _IN_URL.sub(rf"\1\2{MASK}@", text))


def told(settings: Any) -> dict[str, Any]:
    """A dataclass of settings as it may be shown: with `***` for each secret."""
    return {name: _told(name, value) for name, value in asdict(settings).items()}


def _told(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {inner: _told(inner, held) for inner, held in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_told(name, held) for held in value)
    if value is not None and SECRET_NAME.search(name):
        return MASK
    return masked(value) if isinstance(value, str) else value
