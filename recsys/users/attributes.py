"""The attributes of a user, in the order in which they are stored, compared and handed to the model.

Of two attributes that say the same, the earlier one here is kept (`recsys.users.correlation`): plain counts
and money come before what is derived from them.
"""

from __future__ import annotations

from recsys.columns import ALL_BEHAVIOURS, BEHAVIOUR_ORDER

SPEND, MEAN_PRICE, MEAN_BASKET_VALUE = "spend", "mean_price", "mean_basket_value"
RETURNED_VALUE, RETURNED_SHARE = "returned_value", "returned_share"
N_ITEMS, N_CATEGORIES = "n_items", "n_categories"
ITEM_ENTROPY, CATEGORY_ENTROPY = "item_entropy", "category_entropy"
N_VISITS, MEAN_GAP, GAP_DEVIATION, TENURE = "n_visits", "mean_gap_days", "gap_deviation_days", "tenure_days"
REPURCHASE_SHARE, WEEKEND_SHARE = "repurchase_share", "weekend_share"
MORNING_SHARE, EVENING_SHARE = "morning_share", "evening_share"


def count_of(behaviour: str) -> str:
    return f"n_{behaviour}"


def recency_of(behaviour: str) -> str:
    return f"days_since_{behaviour}"


COUNTS = tuple(count_of(behaviour) for behaviour in ALL_BEHAVIOURS)
RECENCIES = tuple(recency_of(behaviour) for behaviour in BEHAVIOUR_ORDER)
MONEY = (SPEND, MEAN_PRICE, MEAN_BASKET_VALUE, RETURNED_VALUE, RETURNED_SHARE)
DIVERSITY = (N_ITEMS, N_CATEGORIES, ITEM_ENTROPY, CATEGORY_ENTROPY)
CADENCE = (N_VISITS, MEAN_GAP, GAP_DEVIATION, TENURE)
HABITS = (REPURCHASE_SHARE, WEEKEND_SHARE, MORNING_SHARE, EVENING_SHARE)
ATTRIBUTES = (*COUNTS, *RECENCIES, *MONEY, *DIVERSITY, *CADENCE, *HABITS)

# A few users buy a thousand times more than the median one. On a linear scale between minimum and maximum
# everybody else would share the lowest hundredth, and no segment could tell them apart.
HEAVY_TAILED = frozenset({
    *COUNTS, *RECENCIES, SPEND, MEAN_PRICE, MEAN_BASKET_VALUE, RETURNED_VALUE,
    N_ITEMS, N_CATEGORIES, N_VISITS, MEAN_GAP, GAP_DEVIATION,
})
