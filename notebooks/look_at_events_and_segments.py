# Databricks notebook source
# MAGIC %md
# MAGIC # Events and segments
# MAGIC What came in, what was rejected and why, what the log holds, and the segments of its users.
# MAGIC
# MAGIC As a script: `python notebooks/look_at_events_and_segments.py config=conf/complete_journey.yaml ds=2017-12-30`

# COMMAND ----------

from pyspark.sql import functions as F

from recsys import columns as c
from recsys import tables as t
from recsys.notebook import open_night, parameters
from recsys.report import facts
from recsys.split import PUSH
from recsys.users.normalizer import normalise
from recsys.users.profile import segment_profiles

night = open_night(parameters(globals().get("dbutils")))
lake, ds, model_ds = night.lake, night.ds, night.model_ds

# COMMAND ----------

# MAGIC %md
# MAGIC ## What came in
# MAGIC Rows in = accepted + rejected + exact copies dropped + erased.

# COMMAND ----------

lake.read(t.INGESTS).show(truncate=60)
facts.reasons(lake.read(t.QUARANTINE)).show(truncate=False)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What the log holds

# COMMAND ----------

events = lake.read(t.EVENTS).where(F.col(c.DAY) <= F.lit(ds))
facts.extent(events).show()
facts.by_behaviour(events).show()
facts.over_time(events, "month").groupBy(facts.PERIOD).pivot(c.BEHAVIOUR).sum(c.EVENTS).orderBy(facts.PERIOD).show(36)

# COMMAND ----------

# MAGIC %md
# MAGIC ## How many segments, and what tells them apart
# MAGIC The paper's Davies–Bouldin index, smaller is better; then for each segment the attributes whose mean
# MAGIC (on the scale from 0 to 1) differs most from that of all users.

# COMMAND ----------

lake.read_day(t.SEGMENT_QUALITY, model_ds).orderBy(c.K).show()
members = lake.read_day(t.SEGMENTS, ds).where(F.col(c.SPLIT) == PUSH)
members.groupBy(c.SEGMENT).count().orderBy(c.SEGMENT).show()

# COMMAND ----------

normalizer = lake.read_day(t.NORMALIZER, model_ds).orderBy(c.POSITION).collect()
points = normalise(lake.read_day(t.USER_FEATURES, ds).where(F.col(c.SPLIT) == PUSH), normalizer)
segment_profiles(points, members, [row[c.ATTRIBUTE] for row in normalizer], top=4).orderBy(c.SEGMENT, c.RANK).show(60, truncate=False)
