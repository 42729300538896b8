"""Read a YAML file into frozen, validated settings. Every mistake in it becomes one readable paragraph."""

from __future__ import annotations

import difflib
import re
import reprlib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as _dataclass

from recsys.faults import BadSettings
from recsys.secrets import SECRET_NAME
from recsys.strict_yaml import parse, read_text

T = TypeVar("T")

# Strict enough that `ranks: "two"` is an error, lenient enough that `minutes: 5` fills a float.
frozen = _dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
Location = Annotated[str, StringConstraints(min_length=1, max_length=4_000, pattern=r"^[^\x00-\x1f\x7f]+$")]  # of a file, folder or table
Name = Annotated[str, StringConstraints(max_length=100, pattern=r"^\w[\w .-]*$")]  # becomes part of a file name: no slash in it
_MOST_PROBLEMS = 20  # told at once
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # as YAML counts lines
_shown = reprlib.Repr()
_shown.maxstring = _shown.maxother = _shown.maxlong = 80


def read_settings(cls: type[T], path: str | Path, overrides: list[str] | None = None) -> T:
    """Fill `cls` from the YAML file at `path`, then from `overrides`, each `section.key=value` in YAML syntax."""
    return fill(cls, read_mapping(path, overrides), str(path))


def read_mapping(path: str | Path, overrides: list[str] | None = None) -> dict[str, Any]:
    """The YAML file at `path` as a mapping, with `overrides` laid over it; nothing is checked yet."""
    mapping = _load(Path(path))
    for override in overrides or []:
        lay_over(mapping, override)
    return mapping


def fill(cls: type[T], mapping: dict[str, Any], where: str) -> T:
    """Fill the dataclass `cls` from `mapping`; `where` names the file in the message of a fault."""
    try:
        return _adapter(cls).validate_python(mapping)
    except ValidationError as error:
        problems = "\n".join(f"  - {_explain(problem, cls)}" for problem in error.errors()[:_MOST_PROBLEMS])
        more = f"\n  - and {error.error_count() - _MOST_PROBLEMS:,} more" if error.error_count() > _MOST_PROBLEMS else ""
        raise BadSettings(f"{where} is not usable:\n{problems}{more}\nMend these and run again; nothing was read or written.") from None


def _load(path: Path) -> dict[str, Any]:
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise BadSettings(f"There is no settings file {path}. Give the path of a YAML file; samples are in conf/.") from None
    except (OSError, ValueError) as error:
        raise BadSettings(f"The settings file {path} cannot be read as UTF-8 text: {error}.") from None
    try:
        mapping = parse(text)
    except yaml.YAMLError as error:
        raise BadSettings(f"{path} is not valid YAML: {_broken(error, text)}.") from None
    if not isinstance(mapping, dict):
        held = "nothing" if mapping is None else type(mapping).__name__
        raise BadSettings(f"{path} must hold `key: value` lines, but holds {held}.")
    return mapping


def lay_over(mapping: dict[str, Any], override: str) -> None:
    """Set in `mapping` what `override` says, `section.key=value` in YAML syntax."""
    name, equals, value = override.partition("=")
    *sections, key = name.split(".")
    if not equals or not all([*sections, key]):
        raise BadSettings(f"'{override[:200]}' is not a setting: write section.key=value, as in training.ranks=2.")
    for section in sections:
        inner = mapping.get(section)
        mapping[section] = inner if isinstance(inner, dict) else {}
        mapping = mapping[section]
    try:
        new = parse(value)
    except yaml.YAMLError as error:
        raise BadSettings(f"The value of {name[:200]} is not valid YAML: {_broken(error, override)}. Quote it, as in {name[:200]}='\"text\"'.") from None
    old = mapping.get(key)
    mapping[key] = {**old, **new} if isinstance(old, dict) and isinstance(new, dict) else new


def _broken(error: yaml.YAMLError, text: str) -> str:
    """What is wrong with `text` and where. PyYAML would show the line, with the secret that may stand in it."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return getattr(error, "reason", "it cannot be read")
    line = "".join(_LINE_END.split(text)[mark.line:mark.line + 1])
    told = " ".join(f"{error.context or ''} {error.problem}".split())
    problem = "what stands there cannot be read, and may be secret; put it between quotation marks" if SECRET_NAME.search(line) else told
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}"


def _explain(problem: dict[str, Any], cls: type) -> str:
    name = ".".join(str(part)[:80] for part in problem["loc"]) or "the whole file"
    if problem["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        known = _known_names(cls, problem["loc"][:-1])
        near = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1)
        return f"unknown setting {name}; " + (f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}")
    if problem["type"] in ("missing", "missing_argument", "missing_keyword_only_argument"):
        return f"{name} is missing and has no default"
    return f"{name} = {_shown.repr(problem['input'])}: {problem['msg'][:1].lower()}{problem['msg'][1:]}"


@cache
def _adapter(cls: type[T]) -> TypeAdapter[T]:
    return TypeAdapter(cls)


@cache
def _schema(cls: type) -> dict[str, Any]:
    return _adapter(cls).json_schema()


def _known_names(cls: Any, location: tuple[Any, ...]) -> list[str]:
    """The settings known at `location`, read from the JSON schema so that nested and optional sections work."""
    schema = _schema(cls)
    definitions = schema.get("$defs", {})

    def resolve(node: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in node:
            return resolve(definitions[node["$ref"].rsplit("/", 1)[-1]])
        options = [resolve(option) for option in node.get("anyOf", []) + node.get("allOf", [])]
        return next((option for option in options if "properties" in option), node)

    node = resolve(schema)
    for part in location:
        inner = node.get("properties", {}).get(part) or node.get("additionalProperties") or node.get("items") or {}
        node = resolve(inner if isinstance(inner, dict) else {})
    return sorted(node.get("properties", {}))
