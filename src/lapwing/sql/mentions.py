"""Which of its tables' columns a statement may mean. Wide tables are narrowed to these wherever the engine binds it, which
costs a column's share for each that is there.

Only a name can mean a column, except where a query takes what its tables have: by a star, a position, a NATURAL join, a
PIVOT, new names by position, or a whole row by the table's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TEXTS = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(slots=True)
class _Query:
    """A query without those inside it."""

    tables: list[int] = field(default_factory=list)
    takes_all: bool = False


class Mentions:
    """What a walk over the engine's syntax tree of a statement meets. `tree`: its text."""

    def __init__(self, tree: str) -> None:
        texts = set(_TEXTS.findall(tree.lower()))
        self._names = frozenset(json.loads(f'"{one}"') if "\\" in one else one for one in texts)
        self._rows: set[str] = set()
        self._taken: set[int] = set()
        self._open = [_Query()]

    def enter(self) -> None:
        """A query begins."""
        self._open.append(_Query())

    def leave(self) -> None:
        """The query that began last ends."""
        query = self._open.pop()
        if query.takes_all:
            self._taken.update(query.tables)

    def see(self, node: Mapping[str, Any]) -> None:
        """A node of the query."""
        query = self._open[-1]
        if node.get("class") in ("STAR", "POSITIONAL_REFERENCE") or node.get("ref_type") == "NATURAL":
            query.takes_all = True
        if node.get("type") == "PIVOT" or node.get("column_name_alias"):
            query.takes_all = True
        if node.get("class") == "COLUMN_REF":
            self._rows.add(str(node["column_names"][-1]).lower())
        if node.get("type") == "BASE_TABLE":
            query.tables.append(id(node))

    def of(self, node: Mapping[str, Any], name: str) -> frozenset[str] | None:
        """In small letters, the names that columns of the table mentioned by `node` may be meant by; None: all. `name`: what the
        table is called in the statement. Asked when the walk has ended."""
        return None if id(node) in self._taken or name.lower() in self._rows else self._names
