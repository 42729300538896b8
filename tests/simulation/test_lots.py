from pyspark.sql import functions as F

from recsys.simulation.lots import Lots, spread_evenly

LOTS = Lots(17)


def test_a_draw_is_that_of_its_seed_purpose_and_keys_in_every_version_of_spark(spark):
    draws = spark.range(2).select(
        LOTS.uniform("hour", "id").alias("hour"), LOTS.uniform("day", "id").alias("day"), Lots(18).uniform("hour", "id").alias("other")
    )
    assert [[round(value, 9) for value in row] for row in draws.orderBy("hour").collect()] == [
        [0.477049493, 0.547478369, 0.39713398], [0.763259487, 0.125568049, 0.954984099],
    ]


def test_draws_fill_their_range_evenly_and_ranks_follow_the_power_law(spark):
    drawn = spark.range(4_000).select(
        LOTS.uniform("a", "id").alias("u"), LOTS.below(4, "b", "id").alias("quarter"), LOTS.happens(0.2, "c", "id").alias("fifth"),
        LOTS.rank(F.lit(7), "d", "id").alias("rank"),
    ).toPandas()
    assert drawn.u.between(0, 1, inclusive="left").all() and abs(drawn.u.mean() - 0.5) < 0.02
    assert (drawn.quarter.value_counts(normalize=True).sub(0.25).abs() < 0.03).all() and abs(drawn.fifth.mean() - 0.2) < 0.03
    # log(r + 2) - log(r + 1) of log(8): a third for the first of seven, then less and less
    shares = drawn["rank"].value_counts(normalize=True).sort_index()
    assert list(shares.index) == list(range(7)) and abs(shares[0] - 1 / 3) < 0.03 and abs(shares[6] - 0.064) < 0.02


def test_numbers_in_a_row_have_their_shares_to_within_one(spark):
    within = spread_evenly("id", 0.6180339887498949) < 0.35
    assert abs(spark.range(100).where(within).count() - 35) <= 1 and abs(spark.range(777, 1_777).where(within).count() - 350) <= 1
