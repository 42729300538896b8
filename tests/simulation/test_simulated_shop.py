"""What was planted is what the real jobs find."""

from dataclasses import replace
from datetime import timedelta
from statistics import median

from pyspark.sql import Window
from pyspark.sql import functions as F
from sklearn.metrics import adjusted_rand_score

from recsys import columns as c
from recsys import tables as t
from recsys.simulation.dirt import COPY_OF_ROW
from recsys.simulation.plan import COLD_DAYS
from recsys.simulation.shop import LOG, TRUE_ATTRIBUTES, TRUE_CYCLES, simulate
from recsys.split import TRAIN
from tests.simulation.small import DS, small_plan


def test_the_same_seed_gives_the_same_rows_however_the_work_is_divided_and_another_seed_other_ones(spark):
    def rows(plan):
        files = simulate(spark, plan)
        return [sorted(map(str, files[name].collect())) for name in (LOG, TRUE_CYCLES)]

    plan = small_plan(dirt=0.1)
    log, cycles = rows(plan)
    assert [log, cycles] == rows(replace(plan, partitions=3)) and len(log) > 400 and len(cycles) > 10
    other_log, _ = rows(small_plan(dirt=0.1, seed=18))
    assert not set(log) & set(other_log)



def test_the_log_has_the_rows_that_were_asked_for_of_all_behaviours_in_a_funnel(shop):
    rows_in = shop.lake.read(t.INGESTS).agg(F.sum(c.ROWS_IN)).first()[0]
    assert abs(rows_in / shop.events - 1) < 0.05
    events = shop.lake.read(t.EVENTS)
    counts = dict(events.groupBy(c.BEHAVIOUR).count().collect())
    assert sorted(c.BEHAVIOUR_ORDER, key=counts.get, reverse=True) == list(c.BEHAVIOUR_ORDER)
    assert events.where((F.col(c.BEHAVIOUR) == c.COMMENT) != F.col(c.RATING).between(1, 5)).isEmpty()
    assert events.agg(F.min(c.DAY), F.max(c.DAY)).first() == (DS - timedelta(days=shop.plan.days - 1), DS)


def test_the_quarantine_holds_exactly_the_planted_dirt_each_row_with_its_reason(shop):
    planted = shop.true("rows")
    found = shop.lake.read(t.QUARANTINE).select(F.get_json_object(c.RAW, "$.log_id").alias(c.LOG_ID), F.array_join(c.REASONS, ",").alias(c.REASON))
    assert sorted(found.collect()) == sorted(planted.where(F.col(c.REASON) != COPY_OF_ROW).collect())
    copies = planted.where(F.col(c.REASON) == COPY_OF_ROW).count()
    assert shop.lake.read(t.INGESTS).agg(F.sum(c.COPIES)).first()[0] == copies > 0


def test_k_means_chooses_as_many_segments_as_were_planted_and_finds_them(shop):
    assert shop.lake.read(t.SEGMENT_QUALITY).where(c.CHOSEN).select(c.K).collect() == [(4,)]
    found = shop.lake.read(t.SEGMENTS).where(F.col(c.SPLIT) == TRAIN).select(c.USER, F.col(c.SEGMENT).alias("found"))
    both = found.join(shop.true("users").select(c.USER, c.SEGMENT), on=c.USER, how="inner").toPandas()
    assert adjusted_rand_score(both[c.SEGMENT], both["found"]) >= 0.8


def test_attributes_planted_to_say_the_same_are_merged(shop):
    planted = shop.true("attributes").collect()
    found = {(row[c.ATTRIBUTE_A], row[c.ATTRIBUTE_B]): row for row in shop.lake.read(t.CORRELATIONS).collect()}
    assert len(planted) == 3
    for a, b, sign in planted:
        pair = found[a, b]
        assert pair[c.CORRELATION] * sign >= 0.95 and not (pair[c.KEPT_A] and pair[c.KEPT_B])


def test_without_planted_correlations_carts_do_not_come_off_the_wish_list_and_users_come_at_noon(spark):
    files = simulate(spark, small_plan(correlated=False, dirt=0.0))
    assert files[TRUE_ATTRIBUTES].isEmpty()
    of_line = F.regexp_extract(c.LOG_ID, r"(.*)-\w+$", 1)
    lines = files[LOG].groupBy(of_line).agg(
        F.max(F.col("action") == "wish").alias("wished"), F.max(F.col("action") == "cart").alias("put"), F.min(F.substring("time", 12, 2)).alias("hour")
    )
    found = lines.agg(F.count_if(F.col("put") & ~F.col("wished")), F.count_if(F.col("hour").between("12", "17"))).first()
    assert min(found) > 20


def test_staples_are_bought_again_after_their_cycle(shop):
    bought = shop.lake.read(t.EVENTS).where(F.col(c.BEHAVIOUR).isin(*c.BOUGHT)).join(shop.true("cycles"), on=[c.USER, c.ITEM], how="inner")
    before = F.lag(c.DAY).over(Window.partitionBy(c.USER, c.ITEM).orderBy(c.TIME, c.EVENT_ID))
    gaps = bought.select(c.CYCLE, F.datediff(c.DAY, before).alias("gap")).where(F.col("gap").isNotNull()).collect()
    within_a_week = [abs(row["gap"] - row[c.CYCLE]) <= 7 for row in gaps]
    assert len(gaps) > 200 and sum(within_a_week) / len(gaps) > 0.75
    assert median(row["gap"] for row in gaps if row[c.CYCLE] < 28) < median(row["gap"] for row in gaps if row[c.CYCLE] > 42) - 14


def test_cold_users_and_products_appear_in_the_last_weeks_and_not_before(shop):
    first_cold = DS - timedelta(days=COLD_DAYS - 1)
    events = shop.lake.read(t.EVENTS)
    for name, key in (("users", c.USER), ("products", c.ITEM)):
        cold = shop.true(name).where(c.COLD).select(key)
        seen = events.join(cold, on=key, how="left_semi").agg(F.count("*"), F.min(c.DAY)).first()
        assert seen[0] > 10 and seen[1] >= first_cold
    assert not shop.lake.read_day(t.PRODUCTS, DS).where(c.AVAILABLE).isEmpty()


def test_habits_and_what_follows_what_tell_more_than_popularity(shop):
    events = shop.lake.read(t.EVENTS).select(c.USER, c.ITEM, c.BEHAVIOUR, c.TIME, c.EVENT_ID).toPandas().sort_values([c.TIME, c.EVENT_ID])
    events["past"] = events[c.TIME] < str(DS - timedelta(days=27))
    bought = events[events[c.BEHAVIOUR].isin(c.BOUGHT)]
    past, targets = bought[bought["past"]], bought[~bought["past"]].drop_duplicates([c.USER, c.ITEM])
    own = set(zip(past[c.USER], past[c.ITEM]))
    popular = past[c.ITEM].value_counts().index[:10]  # a user has bought about as many
    assert targets.apply(lambda row: (row[c.USER], row[c.ITEM]) in own, axis=1).mean() > 2 * targets[c.ITEM].isin(popular).mean()

    looked = events[events[c.BEHAVIOUR] == c.BROWSE]
    steps = looked.assign(follower=looked.groupby(c.USER)[c.ITEM].shift(-1)).dropna()
    before, after = steps[steps["past"]], steps[~steps["past"]]
    usual = before.groupby(c.ITEM)["follower"].agg(lambda followers: followers.value_counts().index[0])
    hits = (after[c.ITEM].map(usual) == after["follower"]).mean()
    assert hits > 2 * (after["follower"] == before["follower"].value_counts().index[0]).mean()
