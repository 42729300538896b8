"""Faults a user can mend. Each message names the place, the value, what was allowed and what to do.

The exit code tells a scheduler whom to wake: the person who wrote the settings (2), the owner of the
data (3), or whoever runs the machines (4). Anything else is a defect of ours and keeps its stack trace.
"""

import unicodedata

_HARMLESS = "\n\u200c\u200d"  # line ends, and what joins letters or pictures
_COMMANDS = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control, format (direction of writing among them), half characters, line ends


class Fault(Exception):
    """A fault whose message is a whole paragraph for a person; a job prints it without a stack trace."""

    exit_code = 2

    def __init__(self, message: str, of_users: str = "") -> None:
        """`of_users` is the part of `message` that tells of single users, as rows of a log do; it is said and not kept."""
        super().__init__(visible(message))
        self.kept = visible(message.replace(of_users, "(not kept)") if of_users else message)


def visible(text: str) -> str:
    """`text` with its control characters written out: what comes from data may not command a terminal or turn a line around."""
    return text if text.isprintable() else "".join(char if char in _HARMLESS or unicodedata.category(char) not in _COMMANDS else f"\\u{ord(char):04x}" for char in text)


class BadSettings(Fault):
    """A settings, source or model file is wrong: unknown key, wrong type, value out of range, file not there."""


class BadData(Fault):
    """The input is broken, or more of it was rejected than its source accepts. Nothing was written."""

    exit_code = 3


class MissingTable(BadData):
    """A stage was run before the stage that makes its input."""


class Infrastructure(Fault):
    """The machine lacks something: a package, memory, a worker."""

    exit_code = 4
