import os

from recsys.greetings import without_greetings


def test_what_is_written_to_stderr_meanwhile_is_gone_and_what_comes_after_is_heard(capfd):
    with without_greetings():
        os.write(2, b"hello\n")
    os.write(2, b"a fault\n")
    assert capfd.readouterr().err == "a fault\n"
