# Databricks notebook source
# MAGIC %md
# MAGIC # Pushes
# MAGIC Who made them, and a few users' lists beside what they last bought. Another `seed` shows other users; `user`
# MAGIC shows one.
# MAGIC
# MAGIC As a script: `python notebooks/look_at_pushes.py config=conf/complete_journey.yaml ds=2017-12-30 seed=5`

# COMMAND ----------

from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.notebook import open_night, parameters
from recsys.report import facts

given = parameters(globals().get("dbutils"), seed="17", user="")
night = open_night(given)
pushes = night.lake.read_day(t.PUSHES, night.ds)

# COMMAND ----------

# MAGIC %md
# MAGIC ## All pushes of the day
# MAGIC The model's products come first; lists it cannot fill go on with what is popular in the segment, then overall.

# COMMAND ----------

facts.list_sizes(pushes).show()
facts.origins(pushes).show(truncate=False)
pushes.groupBy(c.ITEM, c.NAME).count().orderBy(F.desc("count"), c.ITEM).show(20, truncate=60)

# COMMAND ----------

# MAGIC %md
# MAGIC ## A few users
# MAGIC First what they last bought, newest first, then what is pushed to them.

# COMMAND ----------

one = pushes.select(c.USER).distinct().where(F.col(c.USER) == given["user"])
users = one if given["user"] else facts.sample(pushes, night.settings.report.sample_users, int(given["seed"]))
events = night.lake.read(t.EVENTS).where(F.col(c.DAY) <= F.lit(night.ds))
facts.last_events(events, users, night.lake.read_day(t.PRODUCTS, night.ds), night.settings.pushes.n).show(200, truncate=60)

# COMMAND ----------

shown = pushes.join(users, on=c.USER, how="left_semi").orderBy(c.USER, c.RANK)
shown.select(c.USER, c.RANK, c.NAME, c.PRICE, c.SCORE, c.ORIGIN).show(200, truncate=60)
