"""YAML with positions: the data of a file, and for each key and list item where it stands.

The scalars are those of YAML 1.2's core schema: `on` and `no` are text (not booleans), 12:30 is text (not 750), dates are
text. A key that comes twice is a problem, never the last one silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lapwing.model.problem import Place, Problem

Location = tuple[str | int, ...]
"""The way to a value: keys and indexes from the top of a file."""

_MOST_NODES = 100_000  # a file of aliases of aliases may stand for far more than it holds
_Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc, valid-type]  # one of two, by what PyYAML was built with
    """PyYAML's loader with YAML 1.2's scalars."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012, PyYAML's name and type


for _tag, _text, _first in (
    ("null", r"(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"{_text}\Z"), _first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The data of one file. Lists are tuples. `keys` has the place of each key or list item, `values` of each value;
    `plain` holds the values whose text stands in the file as it is, so that an offset in it is a column."""

    file: str
    data: Mapping[str, Any]
    keys: Mapping[Location, Place] = field(default_factory=dict)
    values: Mapping[Location, Place] = field(default_factory=dict)
    plain: frozenset[Location] = frozenset()

    def key(self, *location: str | int) -> Place:
        """Where the key (or list item) stands; the nearest one around it, where it isn't in the file itself."""
        for length in range(len(location), 0, -1):
            if place := self.keys.get(location[:length]):
                return place
        return Place(self.file, 1, 1)

    def within(self, offset: int, *location: str | int) -> Place:
        """Where the character `offset` of a text value stands; its key, where that can't be said."""
        place = self.values.get(location)
        if place is None or location not in self.plain or place.column is None:
            return self.key(*location)
        return Place(place.file, place.line, place.column + offset, place.key)


def read(path: Path, shown: str) -> tuple[Located | None, list[Problem]]:
    """The mapping in a YAML file, called `shown` in places. None where it can't be read at all."""
    start = Place(shown, 1, 1)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = path.read_bytes()[: error.start]
        place = Place(shown, before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        return None, [Problem("not-utf8", "This is not UTF-8 text.", place, hint="Save the file as UTF-8.")]
    except OSError as error:
        return None, [Problem("unreadable-file", f"The file can't be read: {error.strerror}.", Place(shown))]
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        return None, [_syntax(error, shown, text)]
    except yaml.reader.ReaderError as error:
        before_text = text[: error.position]
        place = Place(shown, before_text.count("\n") + 1, error.position - before_text.rfind("\n"))
        return None, [Problem("yaml-syntax", "There is a control character here; YAML has none.", place)]
    except RecursionError:
        return None, [Problem("yaml-syntax", "This is nested too deeply.", start)]
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")):
        return None, [Problem("empty-file", "The file is empty.", start)]
    if not isinstance(node, yaml.MappingNode):
        says = "a list" if isinstance(node, yaml.SequenceNode) else "text"
        return None, [Problem("not-a-mapping", f"A file holds keys with values, but this is {says}.", start)]
    reader = _Reader(shown)
    try:
        data = reader.value(node, ())
    except RecursionError:
        return None, [Problem("yaml-syntax", "This refers to itself.", start)]
    return (
        Located(file=shown, data=data, keys=reader.keys, values=reader.values, plain=frozenset(reader.plain)),
        reader.problems,
    )


def _syntax(error: yaml.MarkedYAMLError, shown: str, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = Place(shown, mark.line + 1, mark.column + 1) if mark else Place(shown)
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if line[: len(line) - len(line.lstrip())].count("\t") or "'\\t'" in str(error.problem):
        place = Place(shown, place.line, line.find("\t") + 1)
        return Problem("yaml-tab", "A tab can't indent YAML.", place, hint="Indent with spaces.")
    says = ", ".join(str(part) for part in (error.context, error.problem) if part)
    return Problem("yaml-syntax", f"This is not YAML: {says}.", place)


class _Reader:
    """Walks a tree of nodes into data, places and problems."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.keys: dict[Location, Place] = {}
        self.values: dict[Location, Place] = {}
        self.plain: set[Location] = set()
        self.problems: list[Problem] = []
        self.nodes = 0

    def value(self, node: yaml.Node, location: Location) -> Any:
        self.nodes += 1
        if self.nodes > _MOST_NODES:
            raise RecursionError
        self.values[location] = self.place(node, location)
        if isinstance(node, yaml.MappingNode):
            return {key: self.value(child, (*location, key)) for key, child in self.pairs(node, location)}
        if isinstance(node, yaml.SequenceNode):
            for index, child in enumerate(node.value):
                self.keys[(*location, index)] = self.place(child, (*location, index))
            return tuple(self.value(child, (*location, index)) for index, child in enumerate(node.value))
        assert isinstance(node, yaml.ScalarNode)
        return self.scalar(node, location)

    def pairs(self, node: yaml.MappingNode, location: Location) -> Iterator[tuple[str, yaml.Node]]:
        for key_node, child in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                place = self.place(key_node, location)
                self.problems.append(Problem("bad-key", "A key must be text.", place, hint="Quote it: '{...}'."))
                continue
            key = key_node.value
            where = (*location, key)
            place = self.place(key_node, where)
            if where in self.keys:
                first = self.keys[where]
                says = f"{key} is here twice: first in line {first.line}."
                self.problems.append(Problem("duplicate-key", says, place, hint="Keep one of them."))
                continue
            self.keys[where] = place
            yield key, child

    def scalar(self, node: yaml.ScalarNode, location: Location) -> Any:
        text: str = node.value
        if node.start_mark.line == node.end_mark.line and not node.style:
            self.plain.add(location)
        elif node.style in ("'", '"') and len(text) == node.end_mark.column - node.start_mark.column - 2:
            self.plain.add(location)
            place = self.values[location]
            self.values[location] = Place(place.file, place.line, (place.column or 0) + 1, place.key)
        kind = node.tag.rpartition(":")[2]
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "int":
            return int(text) if len(text) < 400 else float("inf")  # longer than Python likes to read
        return float(text) if kind == "float" else text

    def place(self, node: yaml.Node, location: Location) -> Place:
        mark = node.start_mark
        return Place(self.shown, mark.line + 1, mark.column + 1, _dotted(location))


def _dotted(location: Location) -> str | None:
    """
    >>> _dotted(("rollups", "main", "dimensions", 0))
    'rollups.main.dimensions[0]'
    """
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".") or None
