"""A set of experiments as its YAML file lists it: which logs, cut in which way, and which models learn on them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from recsys.configuration import Location, frozen, lay_over, read_settings
from recsys.faults import BadSettings
from recsys.settings import Control, Seed, Settings, load_settings
from recsys.simulation.shop import LOG, PRODUCTS

log = logging.getLogger(__name__)
Protocol = Literal["time", "leave_one_out", "random", "six_to_four", "week"]
_OVERRIDES = {
    "time": [],
    "leave_one_out": ["split.kind=leave_one_out"],
    "random": ["split.kind=random", "split.test_share=0.3"],  # P2
    "six_to_four": [],  # P1; the number of test days follows from the log
    "week": ["split.test_days=7"],  # P2
}

# What an experiment sets itself, so that an override would change nothing, and where that is said instead.
_SET_HERE = {
    "lake": "its folder is that of its name", "models": "its folder is that of its name", "report_path": "its results are on the page of the set",
    "source_path": "its log is `data` below --data",
    "simulation.path": "its shop lies in the folder of the set", "products_path": "its shop lies in the folder of the set",
    "split.test_days": "they follow from the log", "evaluation.models": "list them in `models`", "training.model": "list it in `models`",
    "evaluation.seeds": "list them in `seeds`", "training.seed": "list it in `seeds`",
    "evaluation.controls": "all are asked, and none beside an ablation", "evaluation.timed_queries": "they are alike in all experiments",
}
_TIMED_QUERIES = 5  # of a method that needs Spark for every list
SOURCES = "sources"  # the folder of a set that holds the lakes into which its logs were taken, and the shops it made up


@frozen
class Experiment:
    """One log, cut in one way."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]  # of its folder
    title: str
    settings: Location  # of the shop, beside the file of the set
    ds: date  # the last day of its log
    protocol: Protocol
    models: tuple[Location, ...]  # definitions, as seen from the shop's settings
    seeds: tuple[Seed, ...] = Field((17,), min_length=1)  # every model is trained once with each
    overrides: tuple[str, ...] = ()  # section.key=value, but none of what an experiment sets itself
    data: str | None = None  # the log below --data; without that folder the experiment is left out
    simulated: bool = False  # the log is made first, below the folder of the set
    ablation_of: str | None = None  # the model that the others leave something out of


@frozen
class Plan:
    folder: str  # of lakes, models and the page
    experiments: tuple[Experiment, ...] = Field(min_length=1)


def read_plan(path: str | Path) -> Plan:
    """The plan in the YAML file at `path`.

    Raises:
        BadSettings: a value is not allowed, a name is given twice, or an override would change nothing.
    """
    plan = read_settings(Plan, path)
    names = [experiment.name for experiment in plan.experiments]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadSettings(f"{path}: experiments need names of their own, and {twice[0]} is given twice.")
    for experiment in plan.experiments:
        _refuse_idle_overrides(experiment, path)
    return plan


def _refuse_idle_overrides(experiment: Experiment, path: str | Path) -> None:
    laid: dict = {}
    for override in experiment.overrides:
        lay_over(laid, override)
    given = {f"{section}.{key}" for section, held in laid.items() if isinstance(held, dict) for key in held} | set(laid)
    elsewhere = set() if experiment.simulated else {"simulation.path", "products_path"}
    elsewhere |= set() if experiment.simulated or experiment.data else {"source_path"}
    elsewhere |= set() if experiment.protocol == "six_to_four" else {"split.test_days"}
    idle = sorted(given & (set(_SET_HERE) - elsewhere))
    if idle:
        raise BadSettings(
            f"{path}: the override {idle[0]} of experiment {experiment.name} would change nothing: {_SET_HERE[idle[0]]}. Take it out of overrides; nothing was started."
        )


def chosen(plan: Plan, only: Sequence[str], data: str | None) -> list[Experiment]:
    """The experiments named in `only`, or all, but for those whose log is not at hand, which are told.

    Raises:
        BadSettings: there is none of such a name, `data` is no folder, or nothing is left.
    """
    if data and not Path(data).is_dir():
        raise BadSettings(f"--data {data} is no folder. Name the one that holds the logs, or leave --data out.")
    known = {experiment.name for experiment in plan.experiments}
    unknown = sorted(set(only) - known)
    if unknown:
        raise BadSettings(f"There is no experiment {unknown[0]}; the plan has {', '.join(sorted(known))}.")
    wanted = [experiment for experiment in plan.experiments if not only or experiment.name in only]
    at_hand = [experiment for experiment in wanted if not experiment.data or (data and (Path(data) / experiment.data).exists())]
    for experiment in wanted:
        if experiment not in at_hand:
            log.warning("%s is left out: its log %s %s", experiment.name, experiment.data, f"is not in {data}" if data else "lies below --data, which is not given")
    if not at_hand:
        logs = ", ".join(sorted({str(experiment.data) for experiment in wanted}))
        raise BadSettings(f"None of these experiments has its log at hand ({logs}). Name the folder that holds them by --data FOLDER.")
    return at_hand


def settings_of(experiment: Experiment, plan: Plan, beside: Path, data: str | None) -> Settings:
    """The settings of a night that carries the experiment out, in a folder of its own."""
    overrides = [*_OVERRIDES[experiment.protocol], *experiment.overrides]
    settings = load_settings(beside / experiment.settings, overrides)
    folder = Path(plan.folder) / experiment.name
    controls = () if experiment.ablation_of else get_args(Control)
    evaluation = replace(
        settings.evaluation, models=experiment.models, seeds=experiment.seeds, controls=controls, timed_queries=_TIMED_QUERIES
    )
    own = replace(settings, lake=str(folder / "lake"), models=str(folder / "models"), evaluation=evaluation)
    if experiment.simulated:
        return _with_shop(own, experiment.ds, Path(plan.folder) / SOURCES)
    return replace(own, source_path=str(Path(data) / experiment.data)) if data and experiment.data else own


def _with_shop(settings: Settings, ds: date, sources: Path) -> Settings:
    """`settings` on a simulated shop that the set makes up for itself; equal shops are one."""
    made_from = repr((replace(settings.simulation, path="-"), ds))
    shop = sources / f"shop-{sha256(made_from.encode()).hexdigest()[:8]}"
    return replace(settings, simulation=replace(settings.simulation, path=str(shop)), source_path=str(shop / LOG), products_path=str(shop / PRODUCTS))


def with_test_days(settings: Settings, days: int) -> Settings:
    return replace(settings, split=replace(settings.split, test_days=days))
