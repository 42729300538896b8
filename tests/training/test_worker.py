from horovod.spark.task import task_info
from pyspark.resource import ResourceInformation

from recsys.training.worker import _card


def test_a_rank_takes_the_card_that_spark_gave_its_task_and_where_none_was_given_that_of_its_number(monkeypatch):
    monkeypatch.setattr(task_info, "_info", task_info.TaskInfo())
    assert [_card(local_rank, seen=2) for local_rank in (0, 1, 2)] == [0, 1, 0]
    task_info.set_resources({"gpu": ResourceInformation("gpu", ["3"])})
    assert _card(local_rank=0, seen=8) == 3
    assert _card(local_rank=0, seen=1) == 0  # a container that has this card alone
