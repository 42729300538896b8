# Databricks notebook source
# MAGIC %md
# MAGIC # Train and compare
# MAGIC Trains the model of the day anew when `train` is `yes` (minutes to hours), then shows how it learned and how
# MAGIC good its lists are beside the simple methods. Try other settings by `overrides`, as in `training.epochs=3`.
# MAGIC
# MAGIC As a script: `python notebooks/train_and_compare.py config=conf/complete_journey.yaml ds=2017-12-30 train=yes`

# COMMAND ----------

import sys

from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.evaluation.slices import ALL
from recsys.notebook import open_night, parameters
from recsys.training.artifact import artifact_for, read_manifest

given = parameters(globals().get("dbutils"), train="no")
night = open_night(given)

# COMMAND ----------

if given["train"] == "yes":
    sys.path += ["jobs", "../jobs"]
    import evaluate_models
    import train_model

    train_model.run(night)
    evaluate_models.run(night)

# COMMAND ----------

# MAGIC %md
# MAGIC ## How it learned
# MAGIC The weights of the epoch with the best validation NDCG were kept.

# COMMAND ----------

manifest = read_manifest(artifact_for(night.settings.models, night.model_ds))
history = [{name: float(value) for name, value in epoch.items() if isinstance(value, (int, float))} for epoch in manifest["history"]]
night.lake.spark.createDataFrame(history).orderBy("epoch").show(100)
manifest["metrics"]

# COMMAND ----------

# MAGIC %md
# MAGIC ## How good it is
# MAGIC F1 at every list length on the test part, which no method had seen; then all metrics at ten; then costs.

# COMMAND ----------

evaluations = night.lake.read_day(t.EVALUATIONS, night.model_ds).where(F.col(c.SLICE) == ALL)
by_length = evaluations.where(F.col(c.METRIC) == "f1").groupBy(c.METHOD).pivot(c.LIST_LENGTH).agg(F.first(c.VALUE))
by_length.orderBy(F.col(by_length.columns[-1]).desc()).show(truncate=False)
evaluations.where(F.col(c.LIST_LENGTH) == 10).groupBy(c.METHOD).pivot(c.METRIC).agg(F.first(c.VALUE)).orderBy(c.METHOD).show(truncate=False)

# COMMAND ----------

night.lake.read_day(t.COSTS, night.model_ds).orderBy(c.METHOD, c.STAGE).show(100, truncate=False)
