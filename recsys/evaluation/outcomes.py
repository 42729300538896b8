"""What users did with products while nobody was looking: the answers that lists are marked by."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.baselines.lists import seen_products
from recsys.evaluation.trial import Trial

# The bits of an outcome. A list is marked by the first two, the rates are made of the others.
LIKED, REPEATED = 1, 2  # one of the user's targets; one that the user had touched before
TOUCHED, BOUGHT, RATED, FAVOURED = 4, 8, 16, 32  # any behaviour but a return; collected, or rated as praise


def outcomes(trial: Trial, praise: float) -> DataFrame:
    """What became of each product that a user of `trial.users` touched in the held-out part: [user_id, item_id, outcome].

    Args:
        praise: the least rating that counts as praise.
    """
    before = seen_products(trial.history).withColumn(c.OUTCOME, F.lit(LIKED | REPEATED))
    liked = trial.targets.join(before, on=[c.USER, c.ITEM], how="left").select(
        c.USER, c.ITEM, F.coalesce(c.OUTCOME, F.lit(LIKED)).alias(c.OUTCOME)
    )
    done = trial.held_out.join(trial.users, on=c.USER, how="left_semi").select(c.USER, c.ITEM, _done(praise).alias(c.OUTCOME))
    return liked.unionByName(done).groupBy(c.USER, c.ITEM).agg(F.bit_or(c.OUTCOME).alias(c.OUTCOME))


def _done(praise: float) -> Column:
    bits = {
        BOUGHT: F.col(c.BEHAVIOUR).isin(*c.BOUGHT),
        RATED: F.col(c.RATING).isNotNull(),
        FAVOURED: (F.col(c.BEHAVIOUR) == c.COLLECT) | (F.coalesce(c.RATING, F.lit(float("-inf"))) >= praise),
    }
    return sum((F.when(happened, bit).otherwise(0) for bit, happened in bits.items()), F.lit(TOUCHED))
