"""A lake with four experiments, one a day: what the page of the experiments tells from."""

from datetime import date, datetime

from recsys import columns as c
from recsys import tables as t
from recsys.experiments.plan import Experiment
from recsys.job import Night
from recsys.lake import Lake
from recsys.settings import Settings, SplitSettings
from tests.pushes import shop

MODEL, CF, RULES, EVIL = "bilstm_transformer", "collaborative_filtering", "association_rules", "<script>x"
REAL, SIMULATED, ABLATION, NEVER = (date(2024, 3, day) for day in (10, 11, 12, 13))
LENGTHS = (5, 10)
NDCG = {MODEL: 0.50, CF: 0.30, RULES: 0.40}  # at either length
F1 = {MODEL: (0.20, 0.40), CF: (0.10, 0.20), RULES: (0.20, 0.20)}  # by length
RATES = {"click_through_rate": (0.10, 0.05, 0.08), "transaction_rate": (0.50, None, 0.25), "favourable_rate": (None, None, None)}
PARTS = {"without_bilstm": (0.01, 0.03), "without_gaps": (-0.01, 0.02), "without_segment": (-0.03, -0.01)}  # the interval of its worth


def experiments(lake: Lake) -> list[tuple[Experiment, Night]]:
    """A real log, a simulated one that leaks and whose model failed, an ablation, and one that was never evaluated."""
    return [
        _experiment(lake, REAL, "real_time", "Tea & <b>cake</b>, by time", ("models/bilstm_transformer.yaml", "models/rnn.yaml"), seeds=(17, 18)),
        _experiment(lake, SIMULATED, "made_up", "A shop that never was", ("models/bilstm_transformer.yaml",), "random", simulated=True),
        _experiment(lake, ABLATION, "parts", "What each part is worth", tuple(f"models/{name}.yaml" for name in (MODEL, *PARTS)), ablation_of=MODEL),
        _experiment(lake, NEVER, "never", "Never evaluated", ("models/bilstm_transformer.yaml",)),
    ]


def _experiment(lake, ds, name, title, models, protocol="time", **rest) -> tuple[Experiment, Night]:
    experiment = Experiment(name=name, title=title, settings="shop.yaml", ds=ds, protocol=protocol, models=models, **rest)
    split = SplitSettings(kind="random") if protocol == "random" else SplitSettings()
    source = "sources/simulated.yaml" if experiment.simulated else "sources/complete_journey.yaml"
    return experiment, Night(lake, Settings(source=source, lake=lake.root, split=split), ds, ds)


def written(spark, folder) -> Lake:
    """The lake of all of them, below `folder`."""
    lake = Lake(spark, str(folder / "lake"))
    for table, rows in ((t.EVALUATIONS, _evaluations()), (t.COMPARISONS, _comparisons()), (t.COSTS, _costs()), (t.RUNS, _runs())):
        lake.replace_where(shop.frame(spark, table, rows), table, f"{c.DAY} IS NOT NULL", of="all")
    return lake


def _evaluations() -> list[tuple]:
    rows = []
    for place, name in enumerate((MODEL, CF, RULES)):
        for length, f1 in zip(LENGTHS, F1[name]):
            rows.append(_value(REAL, name, "f1", f1, length, seeds=2 if name == MODEL else 1))
        rows += [_value(REAL, name, "ndcg", NDCG[name], length) for length in LENGTHS]
        rows += [_value(REAL, name, rate, values[place]) for rate, values in RATES.items()]
    rows += [_value(REAL, name, "ndcg", value, part="new") for name, value in ((MODEL, 0.02), (CF, 0.04))]
    rows += [_value(REAL, CF, "own_share", 0.75, low=False), _value(REAL, MODEL, "diversity", None)]
    rows += [_value(SIMULATED, name, metric, 0.1) for name in (CF, EVIL) for metric in ("f1", "ndcg")]
    return rows + [_value(ABLATION, name, metric, 0.5) for name in (MODEL, *PARTS, CF) for metric in ("f1", "ndcg")]


def _value(ds, method, metric, value, length=10, part="all", seeds=1, low=True) -> tuple:
    edges = (None, None) if value is None or not low else (value - 0.01, value + 0.01)
    return (method, "test", part, metric, length, value, *edges, 1.0, 1.0, 40, seeds, 0.0123 if seeds > 1 else None, ds)


def _comparisons() -> list[tuple]:
    found = [
        (REAL, RULES, "ndcg", 10, 0.05, 0.15), (REAL, RULES, "f1", 5, -0.1, 0.1), (REAL, RULES, "f1", 10, 0.1, 0.3),
        (REAL, CF, "ndcg", 10, 0.1, 0.3), (REAL, CF, "f1", 5, 0.05, 0.15), (REAL, CF, "f1", 10, 0.1, 0.3),
    ]
    found += [(ABLATION, name, metric, 10, *edges) for name, edges in PARTS.items() for metric in ("ndcg", "f1")]
    rows = [(MODEL, other, "test", "all", metric, length, (low + high) / 2, 1.25, low, high, 40, ds) for ds, other, metric, length, low, high in found]
    return [*rows, (MODEL, CF, "test", "new", "ndcg", 10, -0.02, 0.5, -0.03, -0.01, 40, REAL)]


def _costs() -> list[tuple]:
    gib = 2**30
    return [
        (MODEL, "train", 120.0, 40, None, None, None, 3 * gib, gib, None, REAL),
        (MODEL, "fit", 0.0, 40, None, None, None, 2 * gib, 0, None, REAL),
        (MODEL, "recommend", 4.0, 40, None, None, None, 2 * gib, 0, None, REAL),
        (MODEL, "one_user", 1.0, 50, 2.5, 0.0042, 0.0099, gib, 0, None, REAL),
        (CF, "fit", 8.0, 40, None, None, None, None, None, None, REAL),
        (CF, "recommend", 0.0, 40, None, None, None, None, None, None, REAL),
    ]


def _runs() -> list[tuple]:
    """The experiment on the real log was judged twice, by two states of the code."""
    told = [(1, "0.1", "old"), (2, "0.2", "new")]
    return [
        (f"r{hour}", "evaluate_models", REAL, REAL, datetime(2024, 3, 10, hour), 1.0, "done", 0, *(None,) * 6, "{}", version, code, None)
        for hour, version, code in told
    ] + [("r3", "evaluate_models", REAL, REAL, datetime(2024, 3, 10, 3), 1.0, "skipped", 0, *(None,) * 7, "0.3", None, None)]
