"""All settings of a run, with their defaults. A shop's YAML file overrides what differs for it."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from recsys.columns import PURCHASE, REPURCHASE
from recsys.configuration import Location, frozen, read_settings
from recsys.faults import BadSettings
from recsys.models.conditions import wanted_behaviour
from recsys.paths import absolute

log = logging.getLogger(__name__)
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, lt=2**31)]
Days = Annotated[int, Field(ge=1, le=36_500)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Control = Literal[
    "popularity", "recent_popularity", "own_favourites", "markov", "collaborative_filtering", "item_to_item", "adaboost", "association_rules",
]
Behaviour = Literal["browse", "collect", "cart", "purchase", "repurchase", "comment"]


@frozen
class SparkSettings:
    master: str | None = None  # only for runs without spark-submit; `local[2]` on a laptop
    conf: dict[str, str | bool | int | float] = Field(default_factory=dict)  # any spark.* option


@frozen
class SplitSettings:
    kind: Literal["time", "leave_one_out", "random"] = "time"  # the others only to compare with published figures
    test_days: Days = 28  # the last days of the log, which no method is fitted on
    validation_days: Days = 7  # the days before them, which stop the training in time
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.3  # of all events, where the split is random
    validation_share: Annotated[float, Field(gt=0, lt=1)] = 0.1  # of the other events
    seed: Seed = 17  # of the random split


@frozen
class AttributeSettings:
    correlation_threshold: Share = 0.95  # |Pearson| from which two attributes are integrated


@frozen
class SegmentSettings:
    k_min: Annotated[int, Field(ge=2)] = 2
    k_max: Annotated[int, Field(ge=2)] = 10
    seeds: Count = 3  # random starts for every k; the one of least inertia stands for its k
    seed: Seed = 17
    max_iterations: Count = 50
    exact_pairs_below: Annotated[int, Field(ge=2, lt=2**31)] = 1_000  # clusters smaller than this get every pair; larger ones a sample
    sampled_pairs: Annotated[int, Field(ge=2, lt=2**31)] = 20_000  # pairs drawn in a larger cluster; the error falls with its square root


@frozen
class SequenceSettings:
    length: Annotated[int, Field(ge=8)] = 128  # events in a window
    stride: Count = 128  # events between the starts of two training windows of a user
    max_windows: Count = 64  # training windows kept for a user, latest first
    memory: Count = 128  # distinct older products remembered beside a window, with count and last day
    neighbours: Count = 32  # kept of each product, by how often they came near it in histories
    likenesses: Count = 20  # kept of each product, of those that the same users have
    trend_days: Count = 28  # at the end of a history: who chose a product in these counts for its trend
    min_item_users: Count = 5  # rarer products (by distinct users in training) get no index
    max_items: Count = 200_000  # most frequent products kept when more qualify
    behaviours: tuple[Behaviour, ...] = ("browse", "collect", "cart", "purchase", "repurchase", "comment")
    files: Count = 16  # files a split is written to; several for each training rank, which holds five of its own in memory


@frozen
class TrainingSettings:
    model: Location = "models/bilstm_transformer.yaml"  # beside the settings file
    ranks: Count = 2  # Horovod processes; one for each GPU, or one for each physical core pair
    threads_per_rank: Annotated[int, Field(ge=0)] = 1  # CPU threads; 0 leaves it to TensorFlow
    epochs: Count = 10
    minutes: Annotated[float, Field(gt=0)] = 60.0  # training ends after this, all starts together, and its last epoch is cut short; the best weights so far win
    batch_size: Count = 32  # windows in a step, on each rank
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    patience: Count = 2  # epochs before stopping that lift the best validation NDCG by less than least_gain
    least_gain: Annotated[float, Field(ge=0, lt=1)] = 0.01  # as a share; 0 goes on for any gain. Minutes for thousandths are no bargain
    validation_users: Count = 20_000  # whom an epoch is judged by, at most, drawn at random: of more, judging takes longer and tells no more
    seed: Seed = 17
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"  # mixed_* on GPUs
    negatives: Count = 1024  # shared negatives of the sampled softmax
    full_softmax_below: Annotated[int, Field(ge=0)] = 8_000  # catalogues up to this size get the full cross-entropy
    timeout_seconds: Count = 120  # to start all ranks
    checkpoint_minutes: Annotated[float, Field(gt=0)] = 5.0  # between checkpoints within an epoch; what a failure costs at most
    retries: Annotated[int, Field(ge=0)] = 2  # how often training starts again by itself, from its last checkpoint, when a rank fails
    stall_seconds: Count = 300  # a rank that does nothing for so long is named and all are ended; above what one step takes


@frozen
class EvaluationSettings:
    list_lengths: tuple[Count, ...] = (5, 10, 20, 30, 40, 60)
    relevant: tuple[Behaviour, ...] = (PURCHASE, REPURCHASE)  # test events that count as liked
    drop_seen: bool = False  # True ranks only products that are new to the user
    controls: tuple[Control, ...] = (  # simple methods beside the model; item_to_item and adaboost take a night minutes more
        "popularity", "recent_popularity", "own_favourites", "markov", "collaborative_filtering", "association_rules",
    )
    models: tuple[Location, ...] = ()  # definitions to judge, beside the settings file; none: the model that is pushed
    seeds: tuple[Seed, ...] = ()  # each model is judged once for each, trained with it; none: training.seed
    users: Count | None = None  # so many at most are asked about, drawn at random; null for all who came back
    few_events: Count = 5  # users with at most so many events in their history are told apart
    praise: float = 4.0  # the least rating that counts as praise
    timed_users: Annotated[int, Field(ge=0)] = 50  # asked one by one of a model, for the seconds that one list takes; 0 asks none
    timed_queries: Annotated[int, Field(ge=0)] = 2  # the same of a method that needs Spark for every list
    replicates: Count = 1000  # of the bootstrap over users; fewer are faster and give rougher intervals
    recent_days: Days = 7  # of recent popularity
    favourites_half_life: Annotated[float, Field(gt=0)] | None = None  # days after which an own favourite counts half; null counts all events alike
    als_rank: Count = 64  # factors; more follow the data closer, in time that grows with their square
    als_iterations: Count = 10
    als_alpha: Annotated[float, Field(gt=0)] = 1.0  # how much surer an event is than the lack of one; above 5 frequency is lost
    als_regularisation: Annotated[float, Field(gt=0)] = 0.1
    als_products: Count = 200_000  # most frequent products that have factors: these lie on the driver and in every worker
    item_products: Count = 100  # of a user that item-to-item looks at, the latest; its time grows with their square
    item_neighbours: Count = 50  # kept of a product
    item_shrinkage: Annotated[float, Field(ge=0)] = 10.0  # users in common below which a similarity is doubted
    item_half_life: Annotated[float, Field(gt=0)] = 30.0  # days after which a product means half as much to its user
    item_repeats: Annotated[float, Field(ge=0)] = 6.0  # how much a product speaks for itself; 0 for what lies near only
    adaboost_days: Days = 28  # last days of the history that AdaBoost learns to foretell
    adaboost_rows: Count = 100_000  # candidates that it learns from, drawn at random from those of at most as many users; they fit on the driver
    adaboost_trees: Count = 100
    adaboost_depth: Count = 3
    adaboost_nearest: Count = 150  # own products and neighbours of a user that it looks at
    adaboost_popular: Count = 100  # popular products that it looks at for everybody
    rules_min_support: Share = 0.0001  # share of baskets that hold an itemset; higher is faster and knows fewer products
    rules_min_baskets: Count = 15  # of an itemset, however few the baskets; lower explodes on small logs
    rules_min_confidence: Share = 0.1
    rules_basket_size: Annotated[int, Field(ge=2, le=20)] = 10  # products of a basket that count; m allow 2^m itemsets, so 20 may not end
    rules_days: Days = 90  # days of a user's purchases that rules are applied to
    seed: Seed = 17


@frozen
class PushSettings:
    n: Count = 10
    drop_bought: bool = False  # True pushes only products the user has not bought yet
    drop_unavailable: bool = True
    behaviour: Behaviour | None = PURCHASE  # what the push should lead to; null for any behaviour
    popular_days: Days = 28  # days of history that the popular products of short lists are counted over


@frozen
class ReportSettings:
    sample_users: Count = 6
    seed: Seed = 17


@frozen
class SimulationSettings:
    path: Location = "var/simulated/shop"  # folder of the log, the product list and the truth; it is replaced
    events: Count = 50_000  # rows of the log, met within a few percent; 10_000_000 and more for load tests
    users: Count | None = None  # null: as many as give `events` rows at the segments' own rhythm, about one for 70 rows
    products: Count = 1_200  # of the product list; more where methods should have it harder
    categories: Count = 12  # of equal size; more make tastes narrower
    segments: Annotated[int, Field(ge=2, le=4)] = 4  # planted kinds of users, of those in recsys/simulation/segments.py
    days: Annotated[int, Field(ge=84)] = 182  # up to and including --ds; shorter logs hold fewer repurchases
    drift: Share = 0.3  # of the discoveries that follow a fashion of four weeks; 0 for a popularity that stays
    cold: Share = 0.03  # of the users and of the products that first appear in the last four weeks
    correlated: bool = True  # plant attributes that say the same; False to see that nothing is merged without them
    dirt: Share = 0.01  # of the rows that get a defect; above the source's accepted_reject_rate its intake is refused
    seed: Seed = 17  # another seed is another shop of the same kind


@frozen
class Settings:
    source: Location  # YAML of the shop's log and product list, beside the settings file
    source_path: Location | None = None  # where the log lies, if not where that YAML says
    products_path: Location | None = None  # the same for the product list
    beside_sources: tuple[str, ...] = ()  # other sources of the same shop, with the same ids, whose events this lake may hold too
    lake: Location = "var/lake"  # a folder, an object-store URL, or catalog.schema
    models: Location = "var/models"  # a folder that every worker sees
    report_path: Location = "var/report.html"
    spark: SparkSettings = Field(default_factory=SparkSettings)
    split: SplitSettings = Field(default_factory=SplitSettings)
    attributes: AttributeSettings = Field(default_factory=AttributeSettings)
    segments: SegmentSettings = Field(default_factory=SegmentSettings)
    sequences: SequenceSettings = Field(default_factory=SequenceSettings)
    training: TrainingSettings = Field(default_factory=TrainingSettings)
    evaluation: EvaluationSettings = Field(default_factory=EvaluationSettings)
    pushes: PushSettings = Field(default_factory=PushSettings)
    report: ReportSettings = Field(default_factory=ReportSettings)
    simulation: SimulationSettings = Field(default_factory=SimulationSettings)
    folder: str = ""  # where the settings file lies; filled when it is read

    def beside(self, path: str) -> Path:
        """`path` as seen from the settings file."""
        return Path(self.folder) / path


def load_settings(path: str | Path, overrides: list[str] | None = None) -> Settings:
    """The settings of the YAML file at `path`, with `section.key=value` overrides laid over it."""
    read = read_settings(Settings, path, overrides)
    settings = replace(read, models=absolute(read.models), folder=str(Path(path).parent))
    if settings.segments.k_min > settings.segments.k_max:
        raise BadSettings(f"{path}: segments.k_min = {settings.segments.k_min} is above k_max = {settings.segments.k_max}.")
    if settings.pushes.drop_bought and not settings.evaluation.drop_seen:
        log.warning(
            "%s: pushes.drop_bought = true, but evaluation.drop_seen = false: the model's best epoch is chosen, and all methods are judged, by "
            "lists that repeat what users bought, and no push does. Set evaluation.drop_seen=true to judge lists of products new to the user.", path,
        )
    pushed, judged = settings.pushes.behaviour, wanted_behaviour(settings.evaluation.relevant)
    if (pushed and wanted_behaviour([pushed])) != judged:
        log.warning(
            "%s: pushes.behaviour = %s, but evaluation.relevant = %s: the model's best epoch is chosen, and it is judged, by lists that are to lead to "
            "%s, and pushes are not. Name the same behaviour in both.", path, pushed, list(settings.evaluation.relevant), judged or "any of these",
        )
    return settings
