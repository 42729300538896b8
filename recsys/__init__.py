"""Nightly top-N product pushes from behaviour logs, on Spark, Delta, Horovod and TensorFlow."""

import sys

from recsys.workers import quicken

__version__ = "0.1.0"

if "pyspark.worker" in sys.modules:  # a Python worker of Spark
    quicken()
