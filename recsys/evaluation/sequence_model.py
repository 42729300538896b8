"""The trained sequence model as a method among others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.lists import seen_products
from recsys.baselines.method import Maker
from recsys.faults import BadSettings, MissingTable
from recsys.models.conditions import wanted_behaviour
from recsys.models.definition import read_definition
from recsys.models.follows import Follows
from recsys.pushes.alone import fresh_waits
from recsys.pushes.filters import BANNED, by_user, with_banned
from recsys.pushes.scoring import Held, Request, loaded_with, top_items
from recsys.pushes.scoring import load as load_model
from recsys.sequences.shape import ARRAYS, NUMBERS
from recsys.settings import Control, EvaluationSettings, SequenceSettings, Settings
from recsys.training.artifact import MANIFEST, artifact_for, read_manifest
from recsys.training.asked import refuse_other_products
from recsys.training.assemble import version_of


class SequenceModel:
    """The lists of the model at `path`, from the users' rows in `sequences`. Its name is that of its definition.

    Like every other method it may know all that happened before the test, so it looks up `neighbours` as counted then.
    It was trained by `train_model`, so `fit` only looks up which products are not to be listed. Products
    outside its vocabulary can never be in its lists, yet count as targets like any other.
    """

    def __init__(
        self, name: str, sequences: DataFrame, vocabulary: DataFrame, path: str, shape: SequenceSettings, relevant: Sequence[str], drop_seen: bool,
        neighbours: Follows | None = None, load: Callable[[str], Any] = load_model,
    ) -> None:
        self.name = name
        self._neighbours = neighbours
        self._sequences, self._vocabulary, self._path, self._shape = sequences, vocabulary, path, shape
        self._behaviour, self._drop_seen, self._load = wanted_behaviour(relevant), drop_seen, load

    def fit(self, history: DataFrame) -> None:
        if not Path(self._path, MANIFEST).exists():
            raise MissingTable(
                f"There is no model {self._path}. Run jobs/train_model.py with the training.model and training.seed of this one "
                "and otherwise the same settings, by which a model is found."
            )
        refuse_other_products(self._path, self._vocabulary, self._shape)
        if self._sequences.isEmpty():
            raise MissingTable(
                "The table sequences holds no rows of split test for this day, as after a night that only pushed. "
                "Run jobs/build_sequences.py for a day on which a model is trained, and evaluate that day."
            )
        self._seen = by_user(seen_products(history)) if self._drop_seen else None

    def recommend(self, users: DataFrame, n: int) -> DataFrame:
        asked, banned = self._asked(users)
        lists = top_items(asked, self._path, n, banned=banned, behaviour=self._behaviour, neighbours=self._neighbours, load=self._load)
        return lists.select(c.USER, c.ITEM, c.RANK)

    def seconds_alone(self, users: DataFrame, n: int) -> list[float]:
        """How long each of `users`, few, waits for the model without Spark, once the history is read, in a process that had not loaded it before."""
        asked, banned = self._asked(users)
        if banned:
            asked = asked.withColumn(banned, F.coalesce(banned, F.array().cast("array<int>")))
        columns = [c.USER, *ARRAYS, *NUMBERS, *([banned] if banned else [])]
        rows = pa.RecordBatch.from_pandas(asked.select(*columns).toPandas(), preserve_index=False)
        request = Request(n, self._behaviour, banned, batch_size=1)
        return fresh_waits(self._path, loaded_with(self._neighbours, self._load, Held), [rows.slice(place, 1) for place in range(rows.num_rows)], request)

    def _asked(self, users: DataFrame) -> tuple[DataFrame, str | None]:
        """The rows of `users`, and the column of what they must not get."""
        asked = self._sequences.join(users.select(c.USER), on=c.USER, how="left_semi")
        return (asked, None) if self._seen is None else (with_banned(asked, self._seen, self._vocabulary), BANNED)


def trained_models(settings: Settings, model_ds: date) -> dict[str, list[str]]:
    """The folders of the models to judge, by the name of their definition, one for each seed.

    With neither `evaluation.models` nor `evaluation.seeds` it is the model that is pushed: the one of `model_ds`
    that was trained last. Else the folders are named as `train_model` names them, whether or not they are there.

    Raises:
        MissingTable: there is no model of that day.
        BadSettings: two definitions have one name, or one has that of a simple method.
    """
    found = _folders(settings, model_ds)
    if taken := sorted(set(found) & set(get_args(Control))):
        raise BadSettings(f"A model is called {taken[0]}, as one of the methods that it is compared with: give its definition another name, and train it again.")
    return found


def _folders(settings: Settings, model_ds: date) -> dict[str, list[str]]:
    evaluation = settings.evaluation
    if not evaluation.models and not evaluation.seeds:
        folder = artifact_for(settings.models, model_ds)
        return {read_manifest(folder)["definition"]["name"]: [folder]}
    found: dict[str, list[str]] = {}
    for path in evaluation.models or (settings.training.model,):
        definition = read_definition(settings.beside(path))
        if definition.name in found:
            raise BadSettings(f"evaluation.models: two definitions are called {definition.name}; give {path} a name of its own.")
        found[definition.name] = [
            str(Path(settings.models, version_of(definition, _trained_as(settings, path, seed), model_ds)))
            for seed in evaluation.seeds or (settings.training.seed,)
        ]
    return found


def makers(
    folders: Mapping[str, Sequence[str]], sequences: DataFrame, vocabulary: DataFrame, settings: Settings,
    neighbours: Follows | None = None, load: Callable[[str], Any] = load_model,
) -> dict[str, list[Maker]]:
    """How to make each of the models of `trained_models`, once for each seed."""
    def maker(name: str, folder: str) -> Maker:
        judged = settings.evaluation
        return lambda keep: SequenceModel(name, sequences, vocabulary, folder, settings.sequences, judged.relevant, judged.drop_seen, neighbours, load)

    return {name: [maker(name, folder) for folder in found] for name, found in folders.items()}


def _trained_as(settings: Settings, model: str, seed: int) -> Settings:
    return replace(settings, training=replace(settings.training, model=model, seed=seed))
