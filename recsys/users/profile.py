"""What tells each segment from the rest: its mean attributes beside those of everybody."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c

MEAN, OVERALL, DIFFERENCE = "mean", "overall_mean", "difference"
_SUM, _USERS = "total", "users"


def segment_profiles(points: DataFrame, segments: DataFrame, attributes: Sequence[str], top: int) -> DataFrame:
    """For every segment its `top` attributes whose mean differs most from the mean of all users, largest first.

    Args:
        points: one split's users, from `normalise`.
        segments: the same split of the table `segments`.
        attributes: the names of the array's elements: the attributes of the table `normalizer` by position.

    Returns:
        segment, rank (from 1), attribute, mean, overall_mean, difference; means of normalised values, so that
        a difference of 0.1 is a tenth of the attribute's scale. `segments` times `top` rows.
    """
    names = F.array(*map(F.lit, attributes))
    members = points.join(segments.select(c.USER, c.SPLIT, c.SEGMENT), on=[c.USER, c.SPLIT], how="inner")
    totals = (
        members.select(c.SEGMENT, F.posexplode(c.ATTRIBUTES).alias(c.POSITION, c.VALUE))
        .groupBy(c.SEGMENT, c.POSITION)
        .agg(F.sum(F.col(c.VALUE).cast("double")).alias(_SUM), F.count(F.lit(1)).alias(_USERS))
    )
    everybody = Window.partitionBy(c.POSITION)
    means = totals.select(
        c.SEGMENT,
        F.get(names, F.col(c.POSITION)).alias(c.ATTRIBUTE),
        (F.col(_SUM) / F.col(_USERS)).alias(MEAN),
        (F.sum(_SUM).over(everybody) / F.sum(_USERS).over(everybody)).alias(OVERALL),
    ).withColumn(DIFFERENCE, F.col(MEAN) - F.col(OVERALL))
    most_different = Window.partitionBy(c.SEGMENT).orderBy(F.abs(DIFFERENCE).desc(), c.ATTRIBUTE)
    return (
        means.withColumn(c.RANK, F.row_number().over(most_different))
        .where(F.col(c.RANK) <= top)
        .select(c.SEGMENT, c.RANK, c.ATTRIBUTE, MEAN, OVERALL, DIFFERENCE)
    )
