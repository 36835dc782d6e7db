"""What a SELECT's FROM is made of: its leaves, and the joins that put them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lapwing.sources.base import Table

Node = dict[str, Any]


class Unfit(Exception):
    """This SELECT reads its rows; the text says why."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A table or subquery in a FROM. `name` is what columns are called by, `stub` the name of a source's table, `columns` the
    types of that table's by their names in small letters. `optional`: a row of nulls may stand for it; `on`: the LEFT JOIN whose
    right side it is."""

    node: Node
    name: str
    stub: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False
    on: int | None = None


@dataclass(frozen=True, slots=True)
class From:
    """`joins` are the inner and left ones, outer ones first, `conditions` what each asks, USING too; a leaf's `on` is the place
    of one. `sure` are the places of those whose conditions hold for every row that the SELECT sees. `shared`: the leaf that a
    name of USING means."""

    leaves: tuple[Leaf, ...]
    joins: tuple[Node, ...]
    conditions: tuple[tuple[Node, ...], ...]
    sure: frozenset[int]
    shared: Mapping[str, str]


def from_of(select: Node, tables: Mapping[str, Table]) -> From:
    """
    Args:
        select: its node in the engine's syntax tree.
        tables: those of sources, by the names they are mentioned under.

    Raises:
        Unfit: a part of it needs the rows, or is not understood.
    """
    reading = _Reading(tables)
    leaves, shared = reading.leaves(select["from_table"])
    if len({leaf.name for leaf in leaves}) != len(leaves):
        raise Unfit("two of its tables have one name")
    conditions = tuple(tuple(reading.conditions[place]) for place in range(len(reading.joins)))
    return From(tuple(leaves), tuple(reading.joins), conditions, frozenset(reading.sure), shared)


def conjuncts(node: Node | None) -> list[Node]:
    """The parts of a condition that must all hold."""
    if node is None:
        return []
    if node["type"] == "CONJUNCTION_AND":
        return [part for child in node["children"] for part in conjuncts(child)]
    return [node]


class _Reading:
    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = tables
        self.joins: list[Node] = []
        self.conditions: dict[int, list[Node]] = {}
        self.sure: set[int] = set()

    def leaves(self, node: Node, *, optional: bool = False, on: int | None = None) -> tuple[list[Leaf], dict[str, str]]:
        """Those below a node of FROM, and the leaves that names of USING mean there."""
        if node["sample"] or node.get("column_name_alias") or node.get("at_clause"):
            raise Unfit("it samples or renames")
        if node["type"] == "JOIN":
            return self._join(node, optional=optional)
        if node["type"] == "BASE_TABLE":
            name = node["table_name"]
            stub = name if name in self._tables else None
            columns = {column.name.lower(): column.type for column in self._tables[name].columns} if stub else {}
            return [Leaf(node, (node["alias"] or name).lower(), stub, columns, optional, on)], {}
        if node["type"] == "SUBQUERY":
            return [Leaf(node, node["alias"].lower(), optional=optional, on=on)], {}
        raise Unfit("it is over something else")

    def _join(self, node: Node, *, optional: bool) -> tuple[list[Leaf], dict[str, str]]:
        left, place = node["join_type"] == "LEFT", len(self.joins)
        plain = node["ref_type"] in ("REGULAR", "CROSS") and not node["alias"]
        if not plain or node["join_type"] not in ("INNER", "LEFT"):
            raise Unfit("it joins in a way that is not understood")
        self.joins.append(node)
        if not left and not optional:
            self.sure.add(place)
        first, shared = self.leaves(node["left"], optional=optional)
        on = place if left else None
        second, own = self.leaves(node["right"], optional=optional or left, on=on)
        self.conditions[place] = conjuncts(node["condition"])
        for name in map(str.lower, node["using_columns"]):
            one, other = _owner(name, first, shared), _owner(name, second, own)
            equal = {"left": _reference(one, name), "right": _reference(other, name)}
            self.conditions[place].append(_NODE | {"class": "COMPARISON", "type": "COMPARE_EQUAL"} | equal)
            shared[name] = one  # of an inner and a left join it is the left one's
        return [*first, *second], own | shared


_NODE: Node = {"alias": "", "query_location": 0}


def _reference(leaf: str, name: str) -> Node:
    return _NODE | {"class": "COLUMN_REF", "type": "COLUMN_REF", "column_names": [leaf, name]}


def _owner(name: str, leaves: list[Leaf], shared: Mapping[str, str]) -> str:
    """The leaf whose column a name of USING is."""
    known = [leaf.name for leaf in leaves if name in leaf.columns]
    if name in shared:
        return shared[name]
    if len(leaves) == 1:
        return leaves[0].name
    if len(known) != 1:
        raise Unfit("it joins by a column of nobody knows which table")
    return known[0]
