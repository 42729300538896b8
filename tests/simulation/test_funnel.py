from pyspark.sql import functions as F

from recsys import columns as c
from recsys.simulation.funnel import actions
from tests.simulation.small import small_plan

LINE = (
    f"{c.NUMBER} bigint, {c.USER} string, {c.SEGMENT} int, {c.FIRST_VISIT} bigint, {c.VISIT} bigint, {c.PLACE} bigint, "
    f"{c.ITEM_NUMBER} bigint, {c.FIRST_TIME} boolean"
)


def done(spark, lines):
    rows = actions(spark.createDataFrame(lines, LINE), small_plan()).where(F.col(c.BEHAVIOUR) != c.COMMENT)
    return [(row[c.PLACE], row[c.BEHAVIOUR]) for row in rows.orderBy(c.TIME).collect()]


def test_a_staple_passes_the_whole_funnel_once_and_is_then_bought_with_one_click(spark):
    first, again = (0, "u0", 0, 0, 3, 0, 7, True), (0, "u0", 0, 0, 3, 1, 8, False)
    assert done(spark, [again, first]) == [
        (0, c.BROWSE), (0, c.COLLECT), (0, c.CART), (0, c.PURCHASE), (1, c.BROWSE), (1, c.PURCHASE),
    ]


def test_a_discovery_goes_as_far_as_the_one_before_it_let_it(spark):
    discoveries = [(n, f"u{n}", 0, 0, 1, 0, 7, None) for n in range(200)]
    rows = actions(spark.createDataFrame(discoveries, LINE), small_plan()).groupBy(c.NUMBER).agg(F.collect_set(c.BEHAVIOUR)).collect()
    order = [c.BROWSE, c.COLLECT, c.CART, c.PURCHASE, c.COMMENT]
    reached = [set(behaviours) for _, behaviours in rows]
    assert all(stages == set(order[: len(stages)]) for stages in reached)
    assert {len(stages) for stages in reached} == {1, 2, 3, 4, 5}


def test_a_comment_comes_at_the_next_visit_and_never_after_the_end(spark):
    plan = small_plan()  # collectors, who comment most, come every 14 days: the sixth visit is the last of 84 days
    visits = [(n, f"u{n}", 2, 0, visit, 0, 7, True) for n in range(50) for visit in (1, 5)]
    rows = actions(spark.createDataFrame(visits, LINE), plan).where(F.col(c.BEHAVIOUR).isin(c.PURCHASE, c.COMMENT))
    days = rows.groupBy(c.NUMBER, c.VISIT, c.BEHAVIOUR).agg(F.max(F.floor(F.col(c.TIME) / 86_400)).alias(c.DAY), F.max(c.BASKET).alias(c.BASKET))
    bought, said = ({(row[c.NUMBER], row[c.VISIT]): row for row in days.collect() if row[c.BEHAVIOUR] == name} for name in (c.PURCHASE, c.COMMENT))
    assert len(bought) == 100 and len(said) > 25
    assert all(visit == 1 and row[c.BASKET] == f"u{user}-2" and 10 <= row[c.DAY] - bought[user, 1][c.DAY] <= 18 for (user, visit), row in said.items())
