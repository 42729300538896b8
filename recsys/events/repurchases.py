"""Tell repurchases from purchases."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c


def with_repurchases(events: DataFrame) -> DataFrame:
    """`behaviour` with repurchase for what the user had bought in an earlier basket, and purchase otherwise.

    Baskets are compared by time, and lines of the basket in which a product was first bought stay purchases.
    Purchases and repurchases are told apart anew, so the result is the same whatever they were called before.
    """
    bought = F.col(c.BEHAVIOUR).isin(*c.BOUGHT)
    of_user_and_item = Window.partitionBy(c.USER, c.ITEM)
    first = F.min(F.when(bought, F.struct(c.TIME, c.BASKET))).over(of_user_and_item)
    earlier_basket = (first[c.TIME] < F.col(c.TIME)) & (first[c.BASKET] != F.col(c.BASKET))
    behaviour = F.when(bought & earlier_basket, c.REPURCHASE).when(bought, c.PURCHASE).otherwise(F.col(c.BEHAVIOUR))
    return events.withColumn(c.BEHAVIOUR, behaviour)
