"""What a list can be asked for: which kind of next event, and which behaviour it should lead to. Plain numbers."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.columns import BEHAVIOUR_ORDER, BOUGHT, PURCHASE, REPURCHASE

NEXT_EVENT, LATER_VISIT = 0, 1
CONDITIONS = 2
ANY_BEHAVIOUR = 0
REPURCHASE_CODE = BEHAVIOUR_ORDER.index(REPURCHASE) + 1
PURCHASE_CODE = BEHAVIOUR_ORDER.index(PURCHASE) + 1


def behaviour_code(behaviour: str | None) -> int:
    """The code by which a list for `behaviour` is asked for; purchase and repurchase are one, None is any."""
    if behaviour is None:
        return ANY_BEHAVIOUR
    return PURCHASE_CODE if behaviour == REPURCHASE else BEHAVIOUR_ORDER.index(behaviour) + 1


def wanted_behaviour(relevant: Sequence[str]) -> str | None:
    """The one behaviour for which lists are asked that are judged by these, both kinds of buying being one; None where there are several."""
    kinds = {PURCHASE if behaviour in BOUGHT else behaviour for behaviour in relevant}
    return kinds.pop() if len(kinds) == 1 else None


def condition_for(later_share: float, split: str) -> int:
    """What the lists of a model are judged by under a split of that kind; one that only learned next events is asked for those."""
    return LATER_VISIT if split != "leave_one_out" and later_share > 0 else NEXT_EVENT
