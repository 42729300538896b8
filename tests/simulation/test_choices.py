"""What users come upon: a taste, what follows what, and a popularity that drifts."""

from pyspark.sql import functions as F

from recsys import columns as c
from recsys.simulation.choices import by_taste
from recsys.simulation.users import users
from tests.simulation.small import small_plan


def chosen(spark, plan, day, steps=0, choices=40):
    """(user, choice) -> number of the product that `day` would make of it; the same draws whatever the day."""
    asked = users(spark, plan).where(F.col(c.NUMBER) < 20).withColumn(c.LINE, F.explode(F.sequence(F.lit(0), F.lit(choices - 1))))
    rows = asked.select(c.NUMBER, c.LINE, by_taste(plan, F.lit(day), F.col(c.LINE), F.lit(steps)).alias(c.ITEM_NUMBER)).collect()
    return {(row[c.NUMBER], row[c.LINE]): row[c.ITEM_NUMBER] for row in rows}


def changed(before, after):
    return sum(before[key] != after[key] for key in before) / len(before)


def test_popularity_drifts_by_the_share_that_follows_fashion(spark):
    assert chosen(spark, small_plan(drift=0.0), 0) == chosen(spark, small_plan(drift=0.0), 50)
    drifting = small_plan(drift=0.5)
    # a fashion picks one of 9 products anew, which is another one 8 times of 9
    first = chosen(spark, drifting, 0)
    assert abs(changed(first, chosen(spark, drifting, 50)) - 0.5 * 8 / 9) < 0.06 and changed(first, chosen(spark, drifting, 1)) < 0.1


def test_what_follows_a_product_is_one_other_product_of_the_same_category_and_brand(spark):
    plan = small_plan()
    first, second = chosen(spark, plan, 0), chosen(spark, plan, 0, steps=1)
    pairs = {(first[key], second[key]) for key in first}
    assert len(pairs) == len(set(first.values())) > 50
    of_shelf = 5 * 4  # categories x brands
    assert all(a != b and a % of_shelf == b % of_shelf for a, b in pairs)


def test_users_keep_to_few_categories_and_one_brand_of_all(spark):
    products = chosen(spark, small_plan(categories=10, segments=2, users=20), 0, choices=60)
    for user in range(20):
        categories = [number % 10 for (who, _), number in products.items() if who == user]
        brands = [number // 10 % 4 for (who, _), number in products.items() if who == user]
        assert max(categories.count(category) for category in categories) > 60 * 0.2
        assert max(brands.count(brand) for brand in brands) > 60 * 0.7


def test_new_products_are_chosen_in_the_last_weeks_only(spark):
    plan = small_plan(cold=0.2)
    is_new = lambda number: number // plan.categories >= plan.range_size * 4
    assert not any(is_new(number) for number in chosen(spark, plan, 55).values())
    assert 0.1 < sum(map(is_new, chosen(spark, plan, 56).values())) / 800 < 0.2
