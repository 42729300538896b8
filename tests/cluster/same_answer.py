"""One answer, wherever a night runs and however its rows are partitioned."""

from __future__ import annotations

import time
from collections.abc import Iterator

from recsys import tables as t
from tests.cluster.answer import difference
from tests.cluster.findings import Finding
from tests.cluster.shop import DS
from tests.cluster.world import RANKS, World

_LOCAL_CLUSTER = "local-cluster[2,1,1024]"
_AS_IT_COMES = {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK", "spark.sql.adaptive.enabled": "true"}
_OF_THE_MODEL = {t.PUSHES.name, t.EVALUATIONS.name, t.COMPARISONS.name}
_ONE_RANK = "training.ranks=1"


def same_answer(world: World) -> Iterator[Finding]:
    """Stated outcome: the tables are those of the cluster with four partitions, compiled and planned anew after each exchange or not.

    One core cannot hold two ranks, and another number of ranks is another model: where one rank trains, the
    pushes are compared with those of one rank on the cluster, and all other tables as everywhere.
    """
    yield _equal(world, "local[2]", 1, RANKS, _AS_IT_COMES)
    yield _equal(world, _LOCAL_CLUSTER, 13, RANKS)
    single = _run(world, None, 1, _ONE_RANK)
    yield _equal(world, "local[1]", 13, _ONE_RANK, model_of=single)


def _equal(
    world: World, master: str, partitions: int, ranks: str, conf: dict[str, str] | None = None, model_of: str | None = None
) -> Finding:
    started = time.monotonic()
    lake = _run(world, master, partitions, ranks, conf)
    everything = {table.name for table in world.expected().iterdir()}
    found = difference(world.shop.tables(lake), world.expected(), only=everything - _OF_THE_MODEL if model_of else everything)
    tables, lost, more = list(found.tables), found.lost, found.duplicated
    if model_of:
        of_model = difference(world.shop.tables(lake), world.shop.tables(model_of), only=_OF_THE_MODEL)
        tables, lost, more = tables + list(of_model.tables), lost + of_model.lost, more + of_model.duplicated
    observed = ", ".join(tables) or "tables equal"
    return Finding("none", f"{master}, {partitions} partitions, {ranks}", observed, lost, more, time.monotonic() - started, not tables)


def _run(world: World, master: str | None, partitions: int, ranks: str, conf: dict[str, str] | None = None) -> str:
    """A night in an empty lake with all files there from the start. Returns the name of the lake."""
    lake = f"on_{master or 'cluster'}_{partitions}".replace("[", "_").replace("]", "").replace(",", "_")
    options = {"spark.sql.shuffle.partitions": str(partitions)} | (conf or {})
    world.run("run_pipeline", world.shop.night(lake, DS, None, ranks), master=master, conf=options)
    return lake
