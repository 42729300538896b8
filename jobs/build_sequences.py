"""Number the products that the model knows, turn histories into fixed-length windows, and count what belongs together and what is chosen lately.

Reads   events         one behaviour of one user on one product
        user_features  one user's attributes for one split
        normalizer     one retained attribute
        segments       one user's segment for one split
        vocabulary     of --model-ds, if that is an earlier day
Writes  vocabulary     one product that the model knows; the day is replaced whole
        newcomers      one product that came up since the model learned; the day is replaced whole
        sequences      one window of one user for one split; the day is replaced whole
        neighbours     one product and those that came near it, for one split; the day is replaced whole
        likenesses     one product and those that the same users have, for one split; the day is replaced whole
        trends         one product and how many users chose it lately, for one split; the day is replaced whole

A night that only pushes, with --model-ds before --ds, uses the vocabulary and normaliser of that day and
writes the split push alone, so the model, however old, is asked with the counts and newcomers of today.

    spark-submit --py-files dist/recsys.zip jobs/build_sequences.py --config conf/complete_journey.yaml --ds 2017-12-30
"""

from recsys.job import Night, run_job
from recsys.runs.stage import Stage, day, model_day, whole
from recsys.sequences.counts import counted
from recsys.sequences.rows import beside_users, sequence_rows, spread, training_events, usable, with_roles
from recsys.sequences.vocabulary import newcomers, number_newcomers, number_products, numbered, of_all, refuse_none
from recsys.split import PUSH, TEST, TRAIN, VALIDATION, history
from recsys.tables import COUNTED, EVENTS, NEWCOMERS, NORMALIZER, SEGMENTS, SEQUENCES, USER_FEATURES, VOCABULARY
from recsys.users.aggregate import in_memory
from recsys.users.normalizer import normalise


def run(night: Night) -> None:
    lake, settings, ds, model_ds = night.lake, night.settings, night.ds, night.model_ds
    events = with_roles(lake.read(EVENTS), settings.split, ds)
    normalizer = lake.read_day(NORMALIZER, model_ds).collect()
    attributes = normalise(lake.read_day(USER_FEATURES, ds), normalizer)
    if night.trains:
        past = training_events(events, settings.sequences)
        with in_memory(number_products(past, settings.sequences, ds)) as products:  # looked at, then written
            refuse_none(products, past, settings.sequences)
            lake.replace_day(products, VOCABULARY, ds)
    vocabulary, whole_past = lake.read_day(VOCABULARY, model_ds), usable(history(events, PUSH), settings.sequences)
    lake.replace_day(number_newcomers(whole_past, vocabulary, settings.sequences, ds, model_ds), NEWCOMERS, ds)
    parts = numbered((TRAIN, VALIDATION, TEST, PUSH) if night.trains else (PUSH,), vocabulary, newcomers(lake, ds))
    asked = [([split for split in splits if split != VALIDATION], known) for splits, known in parts]
    for table in COUNTED:
        lake.replace_day(of_all(asked, lambda splits, known: counted(table, events, splits, known, settings, ds, model_ds)), table, ds)
    rows = of_all(parts, lambda splits, known: sequence_rows(events, splits, known, settings, ds))
    complete = beside_users(rows, lake.read_day(SEGMENTS, ds), attributes, len(normalizer), ds, model_ds)
    lake.replace_day(spread(complete, settings.sequences.files), SEQUENCES, ds)


STAGE = Stage(
    "build_sequences", run, reads=(*whole(EVENTS), *day(USER_FEATURES, SEGMENTS), *model_day(NORMALIZER), *model_day(VOCABULARY, nights="pushing")),
    writes=(*day(VOCABULARY, nights="training"), *day(NEWCOMERS, *COUNTED, SEQUENCES)), settings=("split", "sequences", "evaluation.relevant"),
)

if __name__ == "__main__":
    run_job(__doc__, STAGE)
