"""What a SELECT's FROM is made of: its leaves, and the joins that put them together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lapwing.sources.base import Table

Node = dict[str, Any]


class Unfit(Exception):
    """This SELECT reads its rows; the text says why."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A table or subquery in a FROM. `name` is what columns are called by, `stub` the name of a source's table, `columns` that
    table's in small letters. `optional`: a row of nulls may stand for it; `on`: the LEFT JOIN whose right side it is."""

    node: Node
    name: str
    stub: str | None = None
    columns: frozenset[str] = frozenset()
    optional: bool = False
    on: int | None = None


@dataclass(frozen=True, slots=True)
class From:
    """`joins` are the inner and left ones, outer ones first; a leaf's `on` is the place of one. `sure` are the places of those
    whose conditions hold for every row that the SELECT sees."""

    leaves: tuple[Leaf, ...]
    joins: tuple[Node, ...]
    sure: frozenset[int]


def from_of(select: Node, tables: Mapping[str, Table]) -> From:
    """
    Args:
        select: its node in the engine's syntax tree.
        tables: those of sources, by the names they are mentioned under.

    Raises:
        Unfit: a part of it needs the rows, or is not understood.
    """
    joins: list[Node] = []
    sure: set[int] = set()
    leaves = tuple(_leaves(select["from_table"], tables, joins, sure))
    if len({leaf.name for leaf in leaves}) != len(leaves):
        raise Unfit("two of its tables have one name")
    return From(leaves, tuple(joins), frozenset(sure))


def conjuncts(node: Node | None) -> list[Node]:
    """The parts of a condition that must all hold."""
    if node is None:
        return []
    if node["type"] == "CONJUNCTION_AND":
        return [part for child in node["children"] for part in conjuncts(child)]
    return [node]


def _leaves(
    node: Node,
    tables: Mapping[str, Table],
    joins: list[Node],
    sure: set[int],
    *,
    optional: bool = False,
    on: int | None = None,
) -> Iterator[Leaf]:
    if node["sample"] or node.get("column_name_alias") or node.get("at_clause"):
        raise Unfit("it samples or renames")
    if node["type"] == "JOIN":
        left, place = node["join_type"] == "LEFT", len(joins)
        plain = node["ref_type"] in ("REGULAR", "CROSS") and not node["using_columns"] and not node["alias"]
        if not plain or node["join_type"] not in ("INNER", "LEFT"):
            raise Unfit("it joins in a way that is not understood")
        joins.append(node)
        if not left and not optional:
            sure.add(place)
        yield from _leaves(node["left"], tables, joins, sure, optional=optional)
        right = place if left and not optional else None
        yield from _leaves(node["right"], tables, joins, sure, optional=optional or left, on=right)
    elif node["type"] == "BASE_TABLE":
        name = node["table_name"]
        stub = name if name in tables else None
        columns = {column.name.lower() for column in tables[name].columns} if stub else set()
        yield Leaf(node, (node["alias"] or name).lower(), stub, frozenset(columns), optional, on)
    elif node["type"] == "SUBQUERY":
        yield Leaf(node, node["alias"].lower(), optional=optional, on=on)
    else:
        raise Unfit("it is over something else")
