"""The shop of the cluster test: a simulated log, cut into one file for the past and one for each of the last ten days."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from tests.cluster.spark import ROOT

DS = date(2017, 12, 30)
LAST_DAYS = [DS - timedelta(days=back) for back in range(9, -1, -1)]
_SETTINGS = ROOT / "tests" / "cluster" / "shop.yaml"
_PAST = "past"


@dataclass(frozen=True)
class Shop:
    """Where the log and the product list lie; every run gets a lake and models of its own below `folder`."""

    folder: Path

    def simulation(self) -> list[str]:
        """Arguments of `simulate_events`."""
        return ["--config", str(_SETTINGS), "--ds", str(DS), f"simulation.path={self.folder}/simulated"]

    def cut(self) -> None:
        """Divide the simulated log by day; what bears no day of the last ten, or no readable one, is of the past."""
        lines = defaultdict(list)
        for file in sorted((self.folder / "simulated" / "log").glob("*.csv.gz")):
            with gzip.open(file, "rt", encoding="utf-8", newline="") as opened:
                header, *rows = opened.read().splitlines(keepends=True)
            for row in rows:
                lines[self._file_of(row)].append(row)
        self.log().mkdir(exist_ok=True)
        for name, rows in lines.items():
            with gzip.open(self.log() / f"{name}.csv.gz", "wt", encoding="utf-8", newline="") as opened:
                opened.writelines([header, *rows])

    @staticmethod
    def _file_of(row: str) -> str:
        told = next(csv.reader([row]))
        day = told[4][:10] if len(told) > 4 else ""
        return day if day in map(str, LAST_DAYS) else _PAST

    def log(self) -> Path:
        return self.folder / "log"

    def late(self, day: date) -> Path:
        """The file of `day`."""
        return self.log() / f"{day}.csv.gz"

    def night(self, lake: str, ds: date = DS, model_ds: date | None = None, *overrides: str) -> list[str]:
        """Arguments of any stage, for a run that keeps its tables, models and report below `lake`."""
        own = self.folder / "lakes" / lake
        places = [
            f"lake={own}/tables", f"models={own}/models", f"report_path={own}/report.html",
            f"source_path={self.log()}/*.csv.gz", f"products_path={self.folder}/simulated/products",
        ]
        fitted = ["--model-ds", str(model_ds)] if model_ds else []
        return ["--config", str(_SETTINGS), "--ds", str(ds), *fitted, *places, *overrides]

    def tables(self, lake: str) -> Path:
        return self.folder / "lakes" / lake / "tables"

    def models(self, lake: str) -> Path:
        return self.folder / "lakes" / lake / "models"
