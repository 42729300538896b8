"""YAML as settings need it: plain values, every key once, and whatever is wrong becomes one kind of error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError

MOST_BYTES = 1_000_000  # of one file; the longest that people write has thousands
_DEEPEST = 50  # values inside values


def read_text(path: Path) -> str:
    """The file at `path` as UTF-8 text.

    Raises:
        ValueError: it is longer than `MOST_BYTES`, or holds bytes that are not UTF-8.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
    return content.decode("utf-8")


def parse(text: str) -> Any:
    """The value that `text` says.

    Raises:
        yaml.YAMLError: in every case in which it says none, a value that cannot be (a 30th of February) among them.
    """
    return yaml.load(text, Loader=_Loader)


class _Loader(yaml.SafeLoader):
    """YAML in which a key given twice is an error, not a silent replacement of the first.

    There are no aliases: ten lines of them can stand for more values than any machine holds, and settings that
    are written out can be read from top to bottom.
    """

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise ConstructorError(problem=f"the alias *{event.anchor} is not read in settings; write the value out", problem_mark=event.start_mark)
        if self.depth > _DEEPEST:
            raise ConstructorError(problem=f"more than {_DEEPEST} values lie inside each other", problem_mark=self.peek_event().start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, KeyError, AttributeError) as error:  # of Python's own conversions, which know no line
            problem = f"{str(node.value)[:80]!r} cannot be read as {node.tag.rpartition(':')[2]}: {error}"
            raise ConstructorError(problem=problem, problem_mark=node.start_mark) from None

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:
        given = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            name = self.construct_object(key, deep=True)
            if repr(name) in given:
                raise ConstructorError(problem=f"'{name}' is given twice", problem_mark=key.start_mark)
            given.add(repr(name))
        return super().construct_mapping(node, deep)
