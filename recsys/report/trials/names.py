"""What the page of the experiments calls methods, measures, slices and logs, and what the tables call some of them."""

from __future__ import annotations

from pathlib import Path

from recsys.evaluation.slices import ALL, FEW_EVENTS, NEW_TARGETS, REPEATED_TARGETS
from recsys.experiments.plan import Experiment
from recsys.report import words
from recsys.settings import Settings

# as in the tables evaluations, comparisons and costs
MODEL, F1, NDCG = "bilstm_transformer", "f1", "ndcg"

_WITHOUT = "without_"
_PARTS = {
    "bilstm": "the BiLSTM", "transformer": "the Transformer", "segment": "the user's segment", "attributes": "the user's attributes",
    "behaviours": "behaviours", "gaps": "time gaps", "copy_path": "the way to repeat", "trend": "what many chose lately",
    "neighbours": "what others did next", "likenesses": "what others have beside",
}
_ABOUT = {
    MODEL: "the first paper's network: reads the history both ways, then weighs it by attention; ours can also repeat products of the history, and go on as other users did",
    "whole": "the first paper's network with all that may enter it, also what did not help",
    "dnn": "the second paper's network: plain recurrence over what the user did and who the user is",
    "rnn": "recurrent network over the products alone",
    "sasrec": "self-attention over the products alone; the strongest public method of its kind, as a yardstick from outside",
    "adaboost": "boosted trees over user and candidate product (second paper)",
    "item_to_item": "products that the same users took, for each product of the user",
    "own_favourites": "what the user turned to most often, whatever was done with it",
    "markov": "what followed the user's last product most often",
    "popularity": "what most users took",
    "recent_popularity": "what most users took in the last days",
    "collaborative_filtering": "factors of users and products by alternating least squares (first paper)",
    "association_rules": "what goes together, by FP-Growth over baskets (first paper)",
}
_SLICES = {ALL: "everybody", REPEATED_TARGETS: "repeated products", NEW_TARGETS: "new products"}
_LOGS = {
    "complete_journey": "Complete Journey", "tmall_2014": "Tmall 2014", "online_retail": "Online Retail", "simulated": "simulated data",
}
SIMULATED, LEAKS = "simulated data", "leaks the future"
_SAID_BY = {SIMULATED: "simulated", LEAKS: "leaks the future"}  # words of a title that say as much


def method(name: str) -> str:
    return f"without {part(name)}" if is_without(name) else words.method(name)


def is_without(name: str) -> bool:
    """Whether a model is called after what it leaves out."""
    return name.startswith(_WITHOUT)


def part(name: str) -> str:
    """What the model `without_gaps` leaves out: `time gaps`; of any other model its name."""
    return _PARTS.get(name.removeprefix(_WITHOUT)) or words.plain(name.removeprefix(_WITHOUT))


def about(name: str) -> str:
    return f"the whole model but for {part(name)}" if is_without(name) else _ABOUT.get(name, "")


def part_of_users(name: str, few_events: int) -> str:
    """A slice in words."""
    return f"at most {words.plural(few_events, 'event')}" if name == FEW_EVENTS else _SLICES.get(name) or words.plain(name)


def log(settings: Settings) -> str:
    stem = Path(settings.source).stem
    return _LOGS.get(stem) or words.plain(stem)


def leaks(settings: Settings) -> bool:
    return settings.split.kind == "random"


def labels(experiment: Experiment, settings: Settings) -> list[str]:
    """What must be said with every figure of the experiment; nothing for an honest cut of a real log."""
    return [label for label, holds in ((SIMULATED, experiment.simulated), (LEAKS, leaks(settings))) if holds]


def title(experiment: Experiment, settings: Settings) -> str:
    """The title, with those of the labels that it does not say itself."""
    unsaid = [label for label in labels(experiment, settings) if _SAID_BY[label] not in experiment.title.lower()]
    return experiment.title + (f" ({'; '.join(unsaid)})" if unsaid else "")
