"""Normalised users for the tests of k-means."""

from datetime import date

from recsys import columns as c

DS = date(2024, 1, 10)


def users(spark, matrix):
    """One user of the training period for each row of `matrix`, as `normalise` leaves them."""
    rows = [(f"u{n:03}", "train", DS, [float(x) for x in row]) for n, row in enumerate(matrix)]
    return spark.createDataFrame(rows, f"{c.USER} string, {c.SPLIT} string, {c.DAY} date, {c.ATTRIBUTES} array<float>")
