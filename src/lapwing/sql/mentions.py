"""Which of its tables' columns a statement may mean. Wide tables are narrowed to these wherever the engine binds it, which
costs a column's share for each that is there.

Only a name can mean a column, except where a query takes what its tables have: by a star, a position, a NATURAL join, a
PIVOT, new names by position, or a whole row by the table's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Mentions:
    """What the engine's syntax tree of a statement mentions."""

    def __init__(self, tree: object) -> None:
        self._words: set[str] = set()
        self._rows: set[str] = set()
        self._taken: set[int] = set()
        for node in _dicts(tree):
            self._words.update(text.lower() for text in _texts(node))
            if node.get("class") == "COLUMN_REF":
                self._rows.add(str(node["column_names"][-1]).lower())
            if node.get("type") == "SELECT_NODE":
                self._select(node)
        self._known = frozenset(self._words)

    def of(self, node: Mapping[str, Any], name: str) -> frozenset[str] | None:
        """In small letters, the names that columns of the table mentioned by `node` may be meant by; None: all. `name`: what the
        table is called in the statement."""
        return None if id(node) in self._taken or name.lower() in self._rows else self._known

    def _select(self, select: Mapping[str, Any]) -> None:
        tables, implicit = [], False
        for node in _own(select):
            if node.get("class") in ("STAR", "POSITIONAL_REFERENCE") or node.get("ref_type") == "NATURAL":
                implicit = True
            if node.get("type") == "PIVOT" or node.get("column_name_alias"):
                implicit = True
            if node.get("type") == "BASE_TABLE":
                tables.append(id(node))
        if implicit:
            self._taken.update(tables)


def _dicts(node: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _dicts(child)


def _texts(node: Mapping[str, Any]) -> Iterator[str]:
    for value in node.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (one for one in value if isinstance(one, str))


def _own(query: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The nodes of a query without those of queries inside it."""
    for child in query.values():
        for one in child if isinstance(child, list) else (child,):
            if isinstance(one, dict) and "cte_map" not in one:
                yield one
                yield from _own(one)
