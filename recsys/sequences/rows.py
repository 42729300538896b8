"""The rows of `sequences`: windows and memory, and beside them the day, the targets and the user."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from recsys import columns as c
from recsys.sequences.liked import TARGET_WIDTH, liked_products
from recsys.sequences.memory import memories
from recsys.sequences.timeline import OWNER, epoch_day, timeline
from recsys.sequences.windows import padded, windows
from recsys.settings import SequenceSettings, Settings, SplitSettings
from recsys.split import TRAIN, VALIDATION, history, history_end, targets, with_role
from recsys.tables import SEQUENCES

UNKNOWN_SEGMENT = -1
_KNOWN_IN = "known_in"


def with_roles(events: DataFrame, settings: SplitSettings, ds: date) -> DataFrame:
    """The events up to `ds` with their roles; returns are left out first, so that none is anybody's last event."""
    return with_role(events.where(F.col(c.BEHAVIOUR) != c.RETURN), settings, ds)


def training_events(events: DataFrame, settings: SequenceSettings) -> DataFrame:
    """The events that the vocabulary is made from: those of the training history that may enter a sequence."""
    return usable(history(events, TRAIN), settings)


def usable(events: DataFrame, settings: SequenceSettings) -> DataFrame:
    """The events of behaviours that may enter a sequence."""
    return events.where(F.col(c.BEHAVIOUR).isin(*settings.behaviours))


def sequence_rows(
    events: DataFrame, splits: Sequence[str], vocabulary: DataFrame, settings: Settings, ds: date
) -> DataFrame:
    """The rows of `splits`, but for their user's segment and attributes.

    A user whose history in a split holds no product of the vocabulary has no row there, and in validation
    neither has one without a target.

    Args:
        events: from `with_roles`.
    """
    past = timeline(usable(events, settings.sequences), splits, vocabulary)
    liked = liked_products(targets(events, VALIDATION), vocabulary, settings.evaluation.relevant)
    asked_for = (F.col(c.SPLIT) != VALIDATION) | F.col(c.TARGETS).isNotNull()
    return (
        windows(past, settings.sequences)
        .join(memories(past, settings.sequences), on=[*OWNER, c.WINDOW], how="left")
        .join(liked.withColumn(c.SPLIT, F.lit(VALIDATION)), on=[*OWNER], how="left")
        .where(asked_for)
        .withColumns(_filled_up(settings.sequences) | {c.QUERY_DAY: _query_day(splits, settings.split, ds)})
    )


def beside_users(rows: DataFrame, segments: DataFrame, attributes: DataFrame, width: int, ds: date, model_ds: date) -> DataFrame:
    """`rows` in the contract of `sequences`, each beside its user's segment and attributes.

    Validation looks at the same history as training, so it takes training's. A user without a segment has
    segment -1, one without attributes `width` zeros.

    Args:
        segments: rows of table `segments` of one day.
        attributes: user_id, split, attributes, from `users.normalizer.normalise`.
        model_ds: the day of the vocabulary that numbers the products of `rows`.
    """
    known_in = F.when(F.col(c.SPLIT) == VALIDATION, TRAIN).otherwise(F.col(c.SPLIT))
    attributes_of = attributes.select(c.USER, F.col(c.SPLIT).alias(_KNOWN_IN), c.ATTRIBUTES)
    segment_of = segments.select(c.USER, F.col(c.SPLIT).alias(_KNOWN_IN), c.SEGMENT)
    nothing = F.array_repeat(F.lit(0.0).cast("float"), width)
    return (
        rows.withColumn(_KNOWN_IN, known_in)
        .join(attributes_of, on=[_KNOWN_IN, c.USER], how="left")
        .join(segment_of, on=[_KNOWN_IN, c.USER], how="left")
        .withColumns({
            c.SEGMENT: F.coalesce(c.SEGMENT, F.lit(UNKNOWN_SEGMENT)),
            c.ATTRIBUTES: F.coalesce(c.ATTRIBUTES, nothing),
            c.MODEL_DAY: F.lit(model_ds),
            c.DAY: F.lit(ds),
        })
        .select(*SEQUENCES.columns)
    )


def spread(rows: DataFrame, files: int) -> DataFrame:
    """`rows` in `files` partitions of nearly equal size, each a random sample in random order.

    Both the file and the place in it follow from a hash of user and window, so the same rows always end up
    alike, and windows of one user do not lie side by side.
    """
    place = F.xxhash64(c.USER, c.WINDOW)
    # Led by the table's partition columns, since the writer would sort by them and might lose this order.
    return rows.repartition(files, c.USER, c.WINDOW).sortWithinPartitions(c.DAY, c.SPLIT, place)


def _filled_up(settings: SequenceSettings) -> dict[str, Column]:
    """Memory and targets at their full width, zeros where there are none."""
    def whole(name: str, width: int, kind: str = "int") -> Column:
        return padded(F.coalesce(F.col(name), F.array().cast(f"array<{kind}>")), width, kind)

    return {
        c.MEMORY_ITEMS: whole(c.MEMORY_ITEMS, settings.memory),
        c.MEMORY_COUNTS: whole(c.MEMORY_COUNTS, settings.memory, "float"),
        c.MEMORY_DAYS: whole(c.MEMORY_DAYS, settings.memory),
        c.TARGETS: whole(c.TARGETS, TARGET_WIDTH),
    }


def _query_day(splits: Sequence[str], settings: SplitSettings, ds: date) -> Column:
    """The day that the list is made for, in days since 1970-01-01.

    On a time split the first day after the history, on a random one the first day after the log; on leave-one-out the day of the user's last event in it.
    """
    if settings.kind == "leave_one_out":
        last_of_window = F.element_at(c.DAYS, F.col(c.LENGTH))
        return F.max(last_of_window).over(Window.partitionBy(*OWNER))
    first_day_after = {split: history_end(settings, split, ds) + timedelta(days=1) for split in splits}
    lookup = F.create_map(*(F.lit(part) for pair in first_day_after.items() for part in pair))
    return epoch_day(lookup[F.col(c.SPLIT)])
