"""Nightly top-N product pushes from behaviour logs, on Spark, Delta, Horovod and TensorFlow."""

__version__ = "0.1.0"
