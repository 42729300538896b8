"""What ranks say, on its way to the terminal."""

from __future__ import annotations

import re
from codecs import StreamReader, getincrementaldecoder
from collections.abc import Callable
from typing import TextIO

from recsys.training.signs import MARK

_PREFIX = re.compile(r"\[\d+\]<std(?:out|err)>:")
_SIGN = re.compile(f"{MARK}(.*)\n")
_GREETING = re.compile(r"^(?:WARNING: All log messages before absl|[IWE]0000 ).*\n?", re.MULTILINE)
_DRAWING = re.compile(r"\x1b\[\d*m|\x08|^\r", re.MULTILINE)
_REDRAWN = re.compile(r"\r\n?")


def copy_lines(source: StreamReader, target: TextIO) -> None:
    """Write to `target` what comes from `source`, each line as soon as it is there."""
    decoder, begun = getincrementaldecoder("utf-8")(errors="replace"), ""
    while data := source.stream.read1():
        *lines, begun = re.split(r"(?<=[\r\n])", begun + decoder.decode(data))
        target.write("".join(lines))
    target.write(begun)


class Plain:
    """A stream that shows what ranks say without Horovod's `[0]<stdout>:` and TensorFlow's greetings.

    Where nobody looks at a terminal, each state of the progress bar is a line of its own, without colours.
    Signs of life are not shown; `hear` gets each of them.
    """

    def __init__(self, stream: TextIO, hear: Callable[[str], None] = lambda sign: None) -> None:
        self.stream, self.hear = stream, hear

    def write(self, text: str) -> int:
        words = _PREFIX.sub("", text)
        for sign in _SIGN.findall(words):
            self.hear(sign)
        said = _GREETING.sub("", _SIGN.sub("", words))
        self.stream.write(said if self.stream.isatty() else _REDRAWN.sub("\n", _DRAWING.sub("", said)))
        self.stream.flush()  # else the progress of an epoch shows when it is over
        return len(text)

    def flush(self) -> None:
        self.stream.flush()
