"""Nightly top-N product pushes from behaviour logs, on Spark, Delta, Horovod and TensorFlow."""

import sys

from recsys.zips import keep_unchanged

__version__ = "0.1.0"

if "pyspark.worker" in sys.modules:  # a Python worker of Spark
    keep_unchanged()
