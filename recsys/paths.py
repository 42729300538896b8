"""File paths as every process finds them."""

from __future__ import annotations

import os
from urllib.parse import urlparse


def absolute(path: str) -> str:
    """`path` from the root on, where it began where this process was started: workers stand in folders of their own. A URL stays as it is."""
    return path if urlparse(path).scheme else os.path.abspath(path)
