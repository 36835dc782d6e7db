"""Finds in a statement's syntax tree, the engine's own, the SELECTs that aggregate one table of a source and nothing else.

What such a SELECT makes of rows is made of groups as well: rows that are alike in all columns which it uses outside of its
aggregates are in one group whatever it groups by. So a finer table of these columns and of parts of the aggregates can stand
for the rows. Early aggregation of this kind: Yan and Larson, "Eager aggregation and lazy aggregation", VLDB 1995.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lapwing.sources.base import Table
from lapwing.sql.functions import Functions

Node = dict[str, Any]

AGGREGATES = frozenset({"count", "count_star", "sum", "min", "max", "avg", "mean"})
"""Aggregates that are made of parts; of others only those of the same values once or twice are taken (DISTINCT)."""
REPEATABLE = frozenset({"count", "sum", "min", "max", "avg", "mean"})
_PLAIN = frozenset({"CONSTANT", "TYPE", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN", "CASE", "CAST", "COLLATE"})


class Unfit(Exception):
    """This SELECT reads its rows; the text says why."""


@dataclass(slots=True)
class Grouped:
    """A SELECT that aggregates the table mentioned under the name `stub` alone. `calls` are the aggregates in it that are to
    be made of parts, `keys` the columns (in small letters) that it uses outside of these. `alone`: it groups by exactly
    these columns, so that each group is one."""

    node: Node
    stub: str
    calls: list[Node] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    alone: bool = False


def grouped(tree: Node, tables: Mapping[str, Table], functions: Functions) -> Iterator[Grouped]:
    """Such SELECTs over one of `tables`, which are mentioned under these names."""
    for node in _selects(tree):
        source = node["from_table"]
        if source["type"] == "BASE_TABLE" and source["table_name"] in tables:
            stub = source["table_name"]
            try:
                yield _Reading(node, tables[stub], functions).grouped()
            except Unfit:
                continue


def _selects(node: object) -> Iterator[Node]:
    """Every SELECT, inner ones first."""
    if isinstance(node, list):
        for one in node:
            yield from _selects(one)
    elif isinstance(node, dict):
        for one in node.values():
            yield from _selects(one)
        if node.get("type") == "SELECT_NODE":
            yield node


class _Reading:
    def __init__(self, node: Node, table: Table, functions: Functions) -> None:
        self._node, self._functions = node, functions
        self._columns = {column.name.lower() for column in table.columns}
        source = node["from_table"]
        self._names = {(source["alias"] or source["table_name"]).lower()}
        self._aliases = {str(item.get("alias", "")).lower() for item in node["select_list"]} - {""}
        self._found = Grouped(node, source["table_name"])

    def grouped(self) -> Grouped:
        """
        Raises:
            Unfit: it does not aggregate, or something in it needs the rows.
        """
        node, found = self._node, self._found
        source = node["from_table"]
        if source["sample"] or source["column_name_alias"] or source["at_clause"] or node["sample"] or node["qualify"]:
            raise Unfit("it samples or qualifies rows")
        distinct = self._distinct()
        self._outside(node["select_list"])
        self._outside(node["group_expressions"])
        self._outside(node["having"])
        for one in node["modifiers"]:
            if one["type"] == "ORDER_MODIFIER":
                self._ordered([order["expression"] for order in one["orders"]])
            elif one["type"] != "DISTINCT_MODIFIER":
                self._outside(one)
        self._inside(node["where_clause"])
        forced = node["aggregate_handling"] != "STANDARD_HANDLING"
        if not (found.calls or node["group_expressions"] or (distinct and found.keys)):
            raise Unfit("it aggregates nothing")
        if not found.keys and (not found.calls or node["group_expressions"] or forced):
            raise Unfit("it groups by what is no column")  # over no rows it has no group, and the source would give one
        found.alone = not forced and not self._once(node) and self._by_columns() == found.keys
        return found

    def _ordered(self, nodes: list[Node]) -> None:
        """What groups are ordered by: a name of the list comes before one of the table. ALL is what is selected."""
        for node in nodes:
            named = node["class"] == "COLUMN_REF" and len(node["column_names"]) == 1
            if [one["class"] for one in nodes] != ["STAR"] and not (
                named and str(node["column_names"][0]).lower() in self._aliases
            ):
                self._outside(node)

    def _distinct(self) -> bool:
        ways = [one for one in self._node["modifiers"] if one["type"] == "DISTINCT_MODIFIER"]
        if any(one["distinct_on_targets"] for one in ways):
            raise Unfit("DISTINCT ON takes one row of several")
        return bool(ways)

    def _once(self, node: object) -> bool:
        """Whether an aggregate stays as it is, over the block."""
        taken = {id(call) for call in self._found.calls}
        if isinstance(node, dict) and self._aggregates(node) and id(node) not in taken:
            return True
        children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        return any(self._once(child) for child in children)

    def _by_columns(self) -> set[str] | None:
        """The columns that it groups by, if they are columns, each in every group."""
        node = self._node
        if len(node["group_sets"]) > 1 or any(len(one) != len(node["group_expressions"]) for one in node["group_sets"]):
            return None
        found = set()
        for one in node["group_expressions"]:
            if one["class"] == "CONSTANT":  # a place in the list
                place = str(one.get("literal", {}).get("text", ""))
                inside = place.isdigit() and 0 < int(place) <= len(node["select_list"])
                one = node["select_list"][int(place) - 1] if inside else one  # noqa: PLW2901
            name = self._column(one)
            if name is None:
                return None
            found.add(name)
        return found

    def _column(self, node: Node) -> str | None:
        """The table's column that is grouped by, maybe by the name it has in the list."""
        if node["class"] != "COLUMN_REF":
            return None
        own = self._own(node)
        if own is None:
            alias = str(node["column_names"][-1]).lower()
            meant = [one for one in self._node["select_list"] if str(one.get("alias", "")).lower() == alias]
            own = self._own(meant[0]) if len(meant) == 1 and meant[0]["class"] == "COLUMN_REF" else None
        return own

    # -- expressions

    def _outside(self, node: object) -> None:
        """What stands outside of aggregates."""
        if isinstance(node, list):
            for one in node:
                self._outside(one)
        if not isinstance(node, dict):
            return
        kind = node.get("class")
        if kind == "COLUMN_REF":
            self._key(node)
        elif kind == "SUBQUERY":
            self._apart(node["subquery"])
            self._outside(node.get("child"))
        elif kind is not None and self._aggregates(node):
            self._call(node)
        else:
            self._checked(node)
            for one in node.values():
                self._outside(one)

    def _call(self, node: Node) -> None:
        name, arguments = _name(node), [one["expression"] for one in node["arguments"]]
        plain = not node["order_bys"]["orders"] and not node["export_state"] and len(arguments) <= 1
        if not plain or any(one["name"] for one in node["arguments"]):
            raise Unfit(f"{name} needs the rows")
        if node["distinct"] and name in REPEATABLE and not node["filter"]:
            for one in arguments:
                self._outside(one)
        elif name in AGGREGATES and not node["distinct"]:
            for one in (*arguments, node["filter"]):
                self._inside(one)
            self._found.calls.append(node)
        else:
            raise Unfit(f"{name} is not made of parts")

    def _inside(self, node: object) -> None:
        """What is aggregated or filtered by: only the table's own columns, by steady functions."""
        if isinstance(node, list):
            for one in node:
                self._inside(one)
        if not isinstance(node, dict):
            return
        if node.get("class") == "COLUMN_REF":
            if self._own(node) is None:
                raise Unfit("it aggregates what is no column of the table")
            return
        self._checked(node)
        if node.get("class") == "FUNCTION" and self._aggregates(node):
            raise Unfit("an aggregate of an aggregate")
        for one in node.values():
            self._inside(one)

    def _key(self, node: Node) -> None:
        name = self._own(node)
        if name is not None:
            self._found.keys.add(name)
        elif len(node["column_names"]) != 1 or str(node["column_names"][0]).lower() not in self._aliases:
            raise Unfit("it uses a name from outside")

    def _apart(self, node: object) -> None:
        """A subquery that has nothing to do with the table."""
        if isinstance(node, list):
            for one in node:
                self._apart(one)
        elif isinstance(node, dict):
            if node.get("class") == "COLUMN_REF" and {str(one).lower() for one in node["column_names"]} & (
                self._columns | self._names | self._aliases
            ):
                raise Unfit("a subquery may be about its rows")
            for one in node.values():
                self._apart(one)

    def _own(self, node: Node) -> str | None:
        """The table's column that a reference means, in small letters."""
        names = [str(one).lower() for one in node["column_names"]]
        if len(names) == 2 and names[0] in self._names:
            names = names[1:]
        return names[0] if len(names) == 1 and names[0] in self._columns else None

    def _aggregates(self, node: Node) -> bool:
        return node.get("class") == "FUNCTION" and _name(node) in self._functions.aggregates

    def _checked(self, node: Node) -> None:
        kind = node.get("class")
        if kind is None or kind in _PLAIN:
            return
        if kind != "FUNCTION" or _name(node) not in self._functions.steady:
            raise Unfit(f"{str(kind).lower()} is not understood")


def _name(node: Node) -> str:
    return str(node["function_name"]).lower()
