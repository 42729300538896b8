import gzip

import numpy as np
import pytest

from recsys.benchmark.histories import read_histories
from recsys.faults import BadData, BadSettings


def read(tmp_path, text):
    path = tmp_path / "sequences.txt"
    path.write_text(text, encoding="utf-8")
    return read_histories(path)


def lists(histories):
    return [[histories.names[product] for product in histories.of(user)] for user in range(histories.users)]


@pytest.mark.parametrize("text", [
    "u a b c\nv b\n", "u\ta\tb  c\r\n\nv b", "u a\nv b\nu b\nu c\n", "u,a\nu,b\nu,c\nv,b", "user item time\nu b 20\nv b 1\nu a 10\nu c 30.5\n",
    "user item\nu a\nu b\nu c\nv b\n", "\ufeffuserId,itemId\nu,a\nu,b\nu,c\nv,b\n", "\ufeffu a b c\nv b\n",
    "user_id:token item_id:token timestamp:float\nu b 20\nv b 1\nu a 10\nu c 30.5\n",
    "User,Item,Time\nu,c,2024-01-03\nu,a,2024-01-01T10:00:00\nu,b,2024-01-01T10:00:01\nv,b,2023-01-01\n",
])
def test_all_forms_say_the_same(tmp_path, text):
    histories = read(tmp_path, text)
    assert lists(histories) == [["a", "b", "c"], ["b"]]
    assert (histories.times is not None) == ("time" in text.lower())


def test_events_of_one_time_stay_in_the_order_of_the_file_and_a_gzipped_file_is_read(tmp_path):
    path = tmp_path / "sequences.gz"
    path.write_bytes(gzip.compress(b"user item time\nu b 7\nu a 7\nu c 6\n"))
    histories = read_histories(path)
    assert lists(histories) == [["c", "b", "a"]]
    np.testing.assert_array_equal(histories.times, [6, 7, 7])


@pytest.mark.parametrize(("text", "message"), [
    ("", "holds no event"),
    ("u a b\nv\n", "line 2: 1 words, 'v'"),
    ("u a b\nv a\nu c d\n", "line 3 has several products of one user, and line 3 a user who had a line before"),
    ("user item time\nu a 1\nu b\n", "line 3: 2 words, 'u b'. Under the header"),
    ("user item time\nu a 1\nu b soon\n", "event 2: the time 'soon' is neither"),
    ("userId,movieId,rating,timestamp\nu,a,5,1\n", "line 1: the header 'userId movieId rating timestamp'. Keep the columns"),
    ("user item time\nu a 1700000000000\nu b 1700000060000\n", "1700000000000 are no seconds since 1970 but milliseconds"),
    ("user item time\nu a inf\n", "event 1: the time 'inf'"),
    ("user item time\nu a 2024-01-01\nu b 7\n", "event 2: the time '7'"),
])
def test_a_file_in_no_form_is_refused_by_line(tmp_path, text, message):
    with pytest.raises(BadData, match=message):
        read(tmp_path, text)


def test_no_file_a_broken_gzip_and_bytes_that_are_no_text_are_told(tmp_path):
    with pytest.raises(BadSettings, match="There is no sequence file"):
        read_histories(tmp_path / "nowhere.txt")
    for name, content in (("cut.gz", gzip.compress(b"u a b c" * 1000)[:40]), ("spoiled.gz", gzip.compress(b"u a b c\n" * 1000)[:12] + b"\xff" * 40), ("plain.gz", b"u a b"), ("picture.txt", b"\xff\xfe\x00u")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadData, match="cannot be read"):
            read_histories(tmp_path / name)
