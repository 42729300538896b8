"""The controls that every model is measured against, as settings make them."""

from __future__ import annotations

from collections.abc import Callable

from recsys.baselines.collaborative import CollaborativeFiltering
from recsys.baselines.favourites import OwnFavourites
from recsys.baselines.markov import Markov
from recsys.baselines.method import Keep, Method
from recsys.baselines.popularity import Popularity, RecentPopularity
from recsys.baselines.rules import AssociationRules
from recsys.settings import EvaluationSettings

Maker = Callable[[Keep], Method]


def baselines(settings: EvaluationSettings) -> dict[str, Maker]:
    """How to make each control, given where it may hold what it learns."""
    drop, relevant = settings.drop_seen, settings.relevant
    return {
        Popularity.name: lambda keep: Popularity(relevant, drop, keep),
        RecentPopularity.name: lambda keep: RecentPopularity(settings.recent_days, relevant, drop, keep),
        OwnFavourites.name: lambda keep: OwnFavourites(relevant, drop, keep),
        Markov.name: lambda keep: Markov(drop, keep),
        CollaborativeFiltering.name: lambda keep: CollaborativeFiltering(
            settings.als_rank, settings.als_iterations, settings.als_alpha, settings.als_regularisation, settings.seed, drop, keep
        ),
        AssociationRules.name: lambda keep: AssociationRules(
            settings.rules_min_support, settings.rules_min_baskets, settings.rules_min_confidence,
            settings.rules_basket_size, settings.rules_days, drop, keep,
        ),
    }
