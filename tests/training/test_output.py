from io import StringIO
from types import SimpleNamespace

from recsys.training.output import Plain, copy_lines


def test_a_line_of_a_rank_is_passed_on_as_soon_as_it_is_whole():
    target, heard = StringIO(), []
    chunks = iter([b"Epoch 1/2\n 1/9", b"0 \xc3", b"\xa9\r", b"end", b""])

    def read1():
        heard.append(target.getvalue())
        return next(chunks)

    copy_lines(SimpleNamespace(stream=SimpleNamespace(read1=read1)), target)
    assert heard == ["", "Epoch 1/2\n", "Epoch 1/2\n", "Epoch 1/2\n 1/90 é\r", "Epoch 1/2\n 1/90 é\r"]
    assert target.getvalue() == "Epoch 1/2\n 1/90 é\rend"


def test_in_a_file_every_state_of_the_progress_bar_is_a_plain_line():
    file = StringIO()
    for said in ("[0]<stdout>:Epoch 1/2\n", "[0]<stdout>:\r", "[0]<stdout>:\x1b[1m1/9\x1b[0m loss: 8.9\x08\x08\r", "[0]<stdout>:9/9 loss: 7.1\n"):
        Plain(file).write(said)
    assert file.getvalue() == "Epoch 1/2\n1/9 loss: 8.9\n9/9 loss: 7.1\n"


def test_signs_of_life_go_to_the_launcher_and_are_not_shown():
    file, heard = StringIO(), []
    stream = Plain(file, heard.append)
    for said in ('[1]<stderr>:\x1e{"rank": 1}\n', "[0]<stderr>:a warning\n", '[0]<stderr>:half a line\x1e{"rank": 0}\n'):
        stream.write(said)
    assert heard == ['{"rank": 1}', '{"rank": 0}']
    assert file.getvalue() == "a warning\nhalf a line"
