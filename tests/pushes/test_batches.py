import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from recsys import columns as c
from recsys.pushes.batches import alike, fixed, known, ragged, ranked, significant
from recsys.sequences.shape import OF_EVENTS, OF_MEMORY


def test_fixed_batches_repeat_the_last_user_and_say_how_many_count():
    batches = list(fixed(np.array([3, 5, 8]), 2))

    assert [(list(positions), count) for positions, count in batches] == [([3, 5], 2), ([8, 8], 1)]


@given(st.integers(0, 50), st.integers(1, 9))
def test_fixed_batches_hold_every_position_once_and_have_one_size(rows, size):
    batches = list(fixed(np.arange(rows), size))

    assert all(len(positions) == size for positions, _ in batches)
    assert [p for positions, count in batches for p in positions[:count]] == list(range(rows))


@given(st.lists(st.tuples(st.integers(0, 64), st.integers(0, 20)), min_size=1, max_size=12), st.randoms())
def test_users_of_like_width_come_together_with_all_that_is_theirs_whoever_else_is_there(sizes, random):
    def filled(count, width):
        return [1] * min(count, width) + [0] * (width - count)

    arrays = {name: np.array([filled(events, 64) for events, _ in sizes]) for name in OF_EVENTS}
    arrays |= {name: np.array([filled(older, 20) for _, older in sizes]) for name in OF_MEMORY}
    arrays |= {c.LENGTH: np.array([events for events, _ in sizes]), c.ATTRIBUTES: np.zeros((len(sizes), 3))}

    def widths(positions):
        found = {}
        for cut, own in alike(arrays, np.array(positions)):
            assert cut[c.ATTRIBUTES].shape[1] == 3 and {cut[name].shape[1] for name in OF_EVENTS} == {cut[c.ITEMS].shape[1]}
            found |= {int(position): (cut[c.ITEMS].shape[1], cut[c.MEMORY_ITEMS].shape[1]) for position in own}
        return found

    together = widths(range(len(sizes)))
    assert sorted(together) == list(range(len(sizes)))
    for position, (events, older) in enumerate(sizes):
        assert together[position] == (next(width for width in (16, 32, 64) if events <= width), 20 if older else 16)
    some = random.sample(range(len(sizes)), random.randint(1, len(sizes)))
    assert widths(some) == {position: together[position] for position in some}


def test_ragged_lists_keep_their_rows_also_where_null_or_empty_or_sliced():
    lists = pa.array([[9], [1, 2], None, [], [3]], pa.list_(pa.int32()))[1:]

    assert [list(own) for own in ragged(lists)] == [[1, 2], [], [], [3]]


def test_a_user_is_known_by_an_event_or_by_an_older_product():
    arrays = {c.LENGTH: np.array([2, 0, 0]), c.MEMORY_ITEMS: np.array([[0, 0], [7, 0], [0, 0]])}

    assert list(known(arrays)) == [0, 1]


def test_ranked_breaks_ties_of_rounded_scores_by_item_index_and_puts_nothing_last():
    indices = np.array([[4, 2, 0, 3]])
    scores = np.array([[0.50000001, 0.5, 0.9, 0.7]], dtype=np.float64)

    items, best = ranked(indices, scores, 3)

    assert items.tolist() == [[3, 2, 4]]
    assert best.tolist() == [[0.7, 0.5, 0.5]]


@given(st.floats(1e-12, 1.0))
def test_six_digits_stay_and_the_noise_behind_them_goes(value):
    rounded = float(significant(np.array([value]))[0])

    assert rounded == float(f"{value:.5e}") or abs(rounded - value) <= 0.51e-5 * value
    assert significant(np.array([rounded]))[0] == rounded
