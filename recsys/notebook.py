"""How a notebook begins: its parameters and its night, alike on Databricks and as a plain script."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from recsys.faults import BadSettings
from recsys.lake import Lake
from recsys.night import Night
from recsys.session import build_session
from recsys.settings import load_settings

DEFAULTS = {"config": "conf/complete_journey.yaml", "ds": "2017-12-30", "model_ds": "", "overrides": ""}


def parameters(dbutils: Any = None, argv: Sequence[str] | None = None, **more: str) -> dict[str, str]:
    """The parameters of a notebook, `more` naming further ones with their defaults.

    On Databricks (`dbutils` is there) each is a text widget. Elsewhere it is `name=value` on the command
    line, or the environment variable RECSYS_NAME.
    """
    defaults = DEFAULTS | more
    if dbutils is not None:
        for name, default in defaults.items():
            dbutils.widgets.text(name, default)
        return {name: dbutils.widgets.get(name) for name in defaults}
    given = dict(argument.split("=", 1) for argument in (sys.argv[1:] if argv is None else argv) if "=" in argument)
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise BadSettings(f"This notebook has no parameter {unknown[0]}; it has {', '.join(defaults)}, written as name=value.")
    return {name: given.get(name, os.environ.get(f"RECSYS_{name.upper()}", default)) for name, default in defaults.items()}


def open_night(given: Mapping[str, str]) -> Night:
    """The night that the parameters name; `overrides` holds `section.key=value` settings, parted by blanks."""
    settings = load_settings(_found(given["config"]), given["overrides"].split())
    ds = date.fromisoformat(given["ds"])
    model_ds = date.fromisoformat(given["model_ds"]) if given["model_ds"] else ds
    return Night(Lake(build_session("notebook", settings.spark), settings.lake), settings, ds, model_ds)


def _found(config: str) -> Path:
    """On Databricks a notebook runs in its own folder, elsewhere usually in the one above."""
    return Path(config) if Path(config).exists() else Path("..") / config
