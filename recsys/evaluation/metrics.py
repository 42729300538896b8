"""How good ranked lists are, user by user, as plain numpy over users × ranks.

With h the products among the first k that the user went on to like, and T all that they liked:

    precision   h / k
    recall      h / |T|
    f1          2 · precision · recall / (precision + recall), 0 without a hit: P1 eq. (7), taken for each user
    hit_rate    1 if h > 0, else 0
    ndcg        Σ 1 / log2(1 + rank) over the hits, divided by the most that min(k, |T|) hits could give
    mrr         1 / rank of the first hit, 0 without one

Of the lists alone, whatever the user went on to do:

    novelty     mean of −log2(share of the history's users who touched the product) over the first k products:
                0 bits for a product that everybody knows, one more for every halving of those who do
    diversity   share of the pairs of the first k products that lie in different categories; a pair with a
                product of unknown category does not count, and a list without a pair has no diversity

Of all lists together:

    coverage    share of the history's products that are in any list
    own_share   share of the places that the method filled itself; popular products fill the others up

A mean is over all users who can be measured, those whose list hits nothing included. The mean of f1 is thus
the mean of the users' own F1, not the F1 of mean precision and mean recall, which is greater.
"""

from __future__ import annotations

import numpy as np

LIKING = ("precision", "recall", "f1", "hit_rate", "ndcg", "mrr")
NOVELTY, DIVERSITY, COVERAGE, OWN_SHARE = "novelty", "diversity", "coverage", "own_share"
NO_CATEGORY = -1


def liking(hits: np.ndarray, targets: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """The metrics of what users went on to like, each float64 [users].

    Args:
        hits: bool [users, ranks], whether the product of a rank was liked; at least one rank.
        targets: int [users], how many products the user liked; a user without any gets zeros.
    """
    within, asked = hits[:, :k], np.maximum(targets, 1)
    found = within.sum(axis=1)
    gains = 1 / np.log2(1 + np.arange(1, k + 1))
    ideal = np.cumsum(gains)[np.minimum(asked, k) - 1]
    return {
        "precision": found / k,
        "recall": found / asked,
        "f1": 2 * found / (k + asked),  # eq. (7) with precision and recall put in
        "hit_rate": (found > 0).astype(np.float64),
        "ndcg": within @ gains[: within.shape[1]] / ideal,
        "mrr": np.where(found > 0, 1 / (1 + within.argmax(axis=1)), 0.0),
    }


def novelty(information: np.ndarray, listed: np.ndarray, k: int) -> np.ndarray:
    """Mean information of the first k products, float64 [users]; 0 for an empty list.

    Args:
        information: float [users, ranks], −log2 of the share of users who touched the product; 0 beyond the list.
        listed: int [users], the length of the list.
    """
    return information[:, :k].sum(axis=1) / np.maximum(np.minimum(listed, k), 1)


def diversity(categories: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The share of different pairs among the first k products, and how many pairs there are, both float64 [users].

    Args:
        categories: int [users, ranks], NO_CATEGORY where it is not known or the list has ended.
    """
    ordered = np.sort(categories[:, :k], axis=1)
    place = np.arange(ordered.shape[1])
    begins = np.ones_like(ordered, dtype=bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    before = place - np.maximum.accumulate(np.where(begins, place, 0), axis=1)  # products of the same category to the left
    known = ordered != NO_CATEGORY
    alike = (before * known).sum(axis=1)
    number = known.sum(axis=1)
    pairs = number * (number - 1) / 2
    return np.where(pairs > 0, 1 - alike / np.maximum(pairs, 1), 0.0), pairs
