from datetime import date

import pytest

from recsys import columns as c
from recsys.experiments.protocols import test_days_for as days_for
from recsys.faults import BadData


def log(spark, per_day: dict[int, int]):
    rows = [(date(2020, 1, day), c.PURCHASE) for day, events in per_day.items() for _ in range(events)]
    return spark.createDataFrame(rows, f"{c.DAY} date, {c.BEHAVIOUR} string")


def test_six_tenths_of_the_events_or_just_more_lie_before_the_test_days(spark):
    assert days_for(log(spark, {1: 4, 2: 2, 4: 1, 9: 3}), date(2020, 1, 9)) == 6  # from the 4th: 6 of 10 before it
    assert days_for(log(spark, {1: 5, 2: 2, 4: 1, 9: 2}), date(2020, 1, 9)) == 6  # 5 of 10 before the 2nd are too few
    assert days_for(log(spark, {1: 4, 2: 2, 4: 1, 9: 3}), date(2020, 1, 4)) == 1  # what comes after is not counted: 4 of 7, 6 of 7


def test_a_log_of_one_day_cannot_be_cut(spark):
    with pytest.raises(BadData, match="too many lie on the last day"):
        days_for(log(spark, {1: 3}), date(2020, 1, 1))
