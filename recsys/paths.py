"""File paths as every process finds them."""

from __future__ import annotations

import os
import re

# What a URL begins with, for Python and for Spark. One letter is none: `a:x.csv` is a name.
SCHEME = "^[A-Za-z][A-Za-z0-9+.-]+:(//[^/]*)?"


def absolute(path: str) -> str:
    """`path` from the root on, where it began where this process was started: workers stand in folders of their own. A URL stays as it is."""
    return path if re.match(SCHEME, path) else os.path.abspath(path)
