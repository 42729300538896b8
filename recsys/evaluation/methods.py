"""The controls that every model is measured against, as settings make them."""

from __future__ import annotations

from recsys.baselines.adaboost import AdaBoost
from recsys.baselines.candidates import Candidates
from recsys.baselines.collaborative import CollaborativeFiltering
from recsys.baselines.favourites import OwnFavourites
from recsys.baselines.item_to_item import ItemToItem
from recsys.baselines.markov import Markov
from recsys.baselines.method import Keep, Maker
from recsys.baselines.popularity import Popularity, RecentPopularity
from recsys.baselines.rules import AssociationRules
from recsys.settings import EvaluationSettings


def neighbours(settings: EvaluationSettings, keep: Keep) -> ItemToItem:
    return ItemToItem(
        settings.item_products, settings.item_neighbours, settings.item_shrinkage, settings.item_half_life, settings.item_repeats,
        settings.drop_seen, keep,
    )


def baselines(settings: EvaluationSettings) -> dict[str, Maker]:
    """How to make each control that the settings name, given where it may hold what it learns."""
    drop, relevant = settings.drop_seen, settings.relevant
    known = {
        Popularity.name: lambda keep: Popularity(relevant, drop, keep),
        RecentPopularity.name: lambda keep: RecentPopularity(settings.recent_days, relevant, drop, keep),
        OwnFavourites.name: lambda keep: OwnFavourites(settings.favourites_half_life, drop, keep),
        Markov.name: lambda keep: Markov(drop, keep),
        CollaborativeFiltering.name: lambda keep: CollaborativeFiltering(
            settings.als_rank, settings.als_iterations, settings.als_alpha, settings.als_regularisation, settings.als_products, settings.seed, drop, keep
        ),
        ItemToItem.name: lambda keep: neighbours(settings, keep),
        AdaBoost.name: lambda keep: AdaBoost(
            Candidates(
                neighbours(settings, keep), settings.adaboost_nearest, settings.adaboost_popular, settings.recent_days, relevant, drop, keep
            ),
            settings.adaboost_days, settings.adaboost_rows, settings.adaboost_trees, settings.adaboost_depth, relevant, settings.seed, keep,
        ),
        AssociationRules.name: lambda keep: AssociationRules(
            settings.rules_min_support, settings.rules_min_baskets, settings.rules_min_confidence,
            settings.rules_basket_size, settings.rules_days, drop, keep,
        ),
    }
    return {name: known[name] for name in settings.controls}
