from types import SimpleNamespace

import pytest

from tests.cluster import worker_faults
from tests.cluster.answer import Difference
from tests.cluster.worker_faults import _disturbed, _kill


@pytest.mark.parametrize(("hit", "told"), [(True, "1 processes killed; exit 0, tables equal"), (False, "NOTHING WAS HIT; exit 0, tables equal")])
def test_a_night_is_said_to_survive_a_fault_only_where_the_fault_hit_something(monkeypatch, hit, told):
    job = SimpleNamespace(runs=True, said=lambda: f"push_products for {worker_faults.DS}", wait=lambda: 0)
    process = SimpleNamespace(kill=lambda: None)
    there = {"sign": [process], "victim": [process] if hit else []}
    world = SimpleNamespace(
        copy=lambda *_: None, expected=lambda: None, shop=SimpleNamespace(night=lambda *_: [], tables=lambda _: None),
        cluster=SimpleNamespace(submit=lambda *_: job, processes=lambda worker, word: there[word]),
    )
    monkeypatch.setattr(worker_faults, "_MOMENT", 0.0)
    monkeypatch.setattr(worker_faults, "difference", lambda *_, **__: Difference(0, 0, ()))
    finding = _disturbed(world, ("push_products", "pushes"), "killed", "sign", lambda: _kill(world, "victim"))
    assert (finding.observed, finding.as_stated) == (told, hit)
