"""What stages read and write that is no table, each with how its state is told."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from recsys.events.files import find_units
from recsys.events.intake import log_units
from recsys.events.source import FileSettings, load_source
from recsys.faults import BadData, MissingTable
from recsys.models.definition import read_definition
from recsys.night import Night
from recsys.runs.parts import State, Thing, digest
from recsys.training.artifact import MANIFEST, artifact_for, read_manifest
from recsys.training.assemble import version_of


def _log(night: Night) -> State:
    units = log_units(night.lake.spark, load_source(night.settings))
    return State(digest(units), f"{len(units):,} files")


def _product_list(night: Night) -> State:
    source = load_source(night.settings)
    listed = source.products.file
    units = find_units(night.lake.spark, listed.files, stamp="") if listed else []
    return State(digest(source, units), f"{len(units):,} files" if listed else "none: the products are those of the log")


def _definition(night: Night) -> State:
    path = night.settings.beside(night.settings.training.model)
    return State(digest(read_definition(path)), path.name)


def _model(night: Night) -> State | None:
    try:
        folder = artifact_for(night.settings.models, night.model_ds)
    except MissingTable:
        return None
    return State(_of_folder(folder), read_manifest(folder)["version"])


def _model_by_settings(night: Night) -> State | None:
    settings = night.settings
    version = version_of(read_definition(settings.beside(settings.training.model)), settings, night.ds)
    folder = Path(settings.models, version)
    return State(_of_folder(str(folder)), version) if (folder / MANIFEST).exists() else None


def _judged_models(night: Night) -> State | None:
    from recsys.evaluation.sequence_model import trained_models  # brings pyarrow, which other stages' drivers need not load

    try:
        folders = trained_models(night.settings, night.model_ds)
    except MissingTable:
        return None
    found = {folder: _of_folder(folder) for of_model in folders.values() for folder in of_model}
    return State(digest(sorted(found.items())), ", ".join(Path(folder).name for folder in found))


def _of_folder(folder: str) -> str:
    """The manifest holds the checksums of the other files; of those only their sizes are looked at."""
    path = Path(folder)
    if not (path / MANIFEST).exists():
        return "not there"
    sizes = sorted((file.name, file.stat().st_size) for file in path.iterdir())
    return digest(hashlib.sha256((path / MANIFEST).read_bytes()).hexdigest(), sizes)


def _report(night: Night) -> State | None:
    page = Path(night.settings.report_path)
    return State(hashlib.sha256(page.read_bytes()).hexdigest()[:16], str(page)) if page.exists() else None


def _simulated_shop(night: Night) -> State | None:
    folder = night.settings.simulation.path
    try:
        units = find_units(night.lake.spark, FileSettings(path=f"{folder}/*/*"), stamp="")
    except BadData:  # nothing there, or a log that a killed run left empty
        return None
    return State(digest(units), folder)


LOG = Thing("log", _log)
PRODUCT_LIST = Thing("product list", _product_list)
DEFINITION = Thing("definition", _definition, nights="training")
MODEL = Thing("trained model", _model, made_by="train_model", of="model_ds")
TRAINED = replace(MODEL, nights="training")
ONE_OF_SEVERAL = replace(TRAINED, look=_model_by_settings)  # the one that these settings make, whichever was trained last
JUDGED_MODELS = Thing("trained model", _judged_models, made_by="train_model", of="model_ds")
REPORT = Thing("report", _report, made_by="write_report")
SIMULATED_SHOP = Thing("simulated shop", _simulated_shop, made_by="simulate_events")
