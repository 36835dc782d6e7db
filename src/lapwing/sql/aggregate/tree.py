"""Finds in a statement's syntax tree, the engine's own, the SELECTs whose aggregates need no more of some tables than groups.

What such a SELECT makes of rows is made of groups as well: rows that are alike in all columns which it uses outside of its
aggregates are in one group whatever it groups by, and are joined with the same rows of other tables. So a finer table of
these columns and of parts of the aggregates can stand for the rows of one table, before it is joined, or of all tables of the
SELECT, joined. Early aggregation of this kind: Yan and Larson, "Eager aggregation and lazy aggregation", VLDB 1995.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lapwing.sources.base import Table
from lapwing.sql.aggregate.leaves import From, Node, Unfit, conjuncts, from_of
from lapwing.sql.aggregate.times import Cut, cut_of
from lapwing.sql.functions import Functions

AGGREGATES = frozenset({"count", "count_star", "sum", "min", "max", "avg", "mean"})
"""Aggregates that are made of parts; of others only those of the same values once or twice are taken (DISTINCT)."""
REPEATABLE = frozenset({"count", "sum", "min", "max", "avg", "mean"})
_PLAIN = frozenset({"CONSTANT", "TYPE", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN", "CASE", "CAST", "COLLATE"})

Name = tuple[str, str]
"""A column: the name its table is mentioned under, and its own in small letters."""


@dataclass(frozen=True, slots=True)
class Made:
    """A key that cuts the times of `column`, as `node` says."""

    column: Name
    cut: Cut
    node: Node


@dataclass(slots=True)
class Grouped:
    """A SELECT and the tables in it that groups can stand for, by the names `stubs`: one of them, or all that it has
    (`whole`).

    `calls` are the aggregates that are to be made of parts, `keys` the columns that it uses otherwise, at the places `used`.
    `made` are those keys that are made of a column: by what, and one node that says it.

    `conditions` hold for the rows that make groups: those of WHERE and of joins that only need these tables. `columns` are
    what references in both mean, by their nodes' ids. `alone`: it groups by exactly the keys, so that each group is one.
    """

    node: Node
    parts: From
    stubs: tuple[str, ...]
    whole: bool
    calls: list[Node] = field(default_factory=list)
    keys: dict[Name, None] = field(default_factory=dict)
    used: list[tuple[Node, Name]] = field(default_factory=list)
    made: dict[Name, Made] = field(default_factory=dict)
    conditions: list[Node] = field(default_factory=list)
    columns: dict[int, Name] = field(default_factory=dict)
    alone: bool = False


def selects(tree: Node, tables: Mapping[str, Table]) -> Iterator[tuple[Node, From]]:
    """Every SELECT over some of `tables`, which are mentioned under these names; inner ones first."""
    for node in _selects(tree):
        try:
            parts = from_of(node, tables)
        except Unfit:
            continue
        if not node["sample"] and not node["qualify"]:
            yield node, parts


def grouped(
    node: Node,
    parts: From,
    stubs: tuple[str, ...],
    functions: Functions,
    cut: tuple[str, ...],
    kept: frozenset[int] = frozenset(),
) -> Grouped | None:
    """What groups for the tables `stubs` have to hold; None where the SELECT does not aggregate, or something in it needs their
    rows. `cut`: types of times that the source may cut; `kept`: conditions, by their nodes' ids, that stay in the engine."""
    try:
        return _Reading(node, parts, stubs, functions, cut, kept).grouped()
    except Unfit:
        return None


def _selects(node: object) -> Iterator[Node]:
    if isinstance(node, list):
        for one in node:
            yield from _selects(one)
    elif isinstance(node, dict):
        for one in node.values():
            yield from _selects(one)
        if node.get("type") == "SELECT_NODE":
            yield node


class _Reading:
    def __init__(
        self,
        node: Node,
        parts: From,
        stubs: tuple[str, ...],
        functions: Functions,
        cut: tuple[str, ...],
        kept: frozenset[int],
    ) -> None:
        self._node, self._functions, self._types, self._kept = node, functions, cut, kept
        self._mine = {leaf.name: leaf for leaf in parts.leaves if leaf.stub in stubs}
        self._whole = len(self._mine) == len(parts.leaves)
        self._aliases = {str(item["alias"]).lower(): item for item in node["select_list"]}
        self._found = Grouped(node, parts, stubs, self._whole)

    def grouped(self) -> Grouped:
        node, found = self._node, self._found
        ways = [one for one in node["modifiers"] if one["type"] == "DISTINCT_MODIFIER"]
        if any(one["distinct_on_targets"] for one in ways):
            raise Unfit("DISTINCT ON takes one row of several")
        self._joined()
        self._outside(node["select_list"])
        self._outside(node["group_expressions"])
        self._outside(node["having"])
        for one in node["modifiers"]:
            if one["type"] == "ORDER_MODIFIER":
                self._ordered([order["expression"] for order in one["orders"]])
            else:
                self._outside(one)
        if not (found.calls or node["group_expressions"] or ways):
            raise Unfit("it aggregates nothing")
        if not found.keys and (not found.calls or node["group_expressions"] or not self._whole):
            raise Unfit("it groups by what is no column")  # over no rows it has no group, and the source would give one
        found.alone = self._whole and not self._once(node) and self._by_columns() == set(found.keys)
        return found

    def _joined(self) -> None:
        """The conditions of WHERE and of joins: those that only need these tables, and the others."""
        parts = self._found.parts
        for leaf in parts.leaves:
            if leaf.node["type"] == "SUBQUERY":
                self._apart(leaf.node["subquery"], frozenset())
        everywhere = self._whole or not any(leaf.optional for leaf in self._mine.values())
        own = {leaf.on for leaf in self._mine.values()}
        for condition in conjuncts(self._node["where_clause"]):
            self._condition(condition, moves=everywhere)
        for place in range(len(parts.joins)):
            moves = self._whole or place in own or (everywhere and place in parts.sure)
            for condition in parts.conditions[place]:
                self._condition(condition, moves=moves, must=self._whole and place not in parts.sure)

    def _condition(self, node: Node, *, moves: bool, must: bool = False) -> None:
        if moves and id(node) not in self._kept and self._is_inside(node):
            self._found.conditions.append(node)
        elif must:
            raise Unfit("the source does not join so")
        else:
            self._outside(node)

    def _is_inside(self, node: Node) -> bool:
        try:
            self._inside(node)
        except Unfit:
            return False
        return True

    def _ordered(self, nodes: list[Node]) -> None:
        """What groups are ordered by: a name of the list comes before one of the table. ALL is what is selected."""
        for node in nodes:
            named = node["class"] == "COLUMN_REF" and len(node["column_names"]) == 1
            if [one["class"] for one in nodes] != ["STAR"] and not (
                named and str(node["column_names"][0]).lower() in self._aliases
            ):
                self._outside(node)

    def _once(self, node: object) -> bool:
        """Whether an aggregate stays as it is, over the block."""
        taken = {id(call) for call in self._found.calls}
        if isinstance(node, dict) and self._aggregates(node) and id(node) not in taken:
            return True
        children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        return any(self._once(child) for child in children)

    def _by_columns(self) -> set[Name] | None:
        """The columns that it groups by, if they are columns, each in every group."""
        node = self._node
        if len(node["group_sets"]) > 1:
            return None
        found = set()
        for one in node["group_expressions"]:
            if one["class"] == "CONSTANT":  # a place in the list
                place = str(one.get("literal", {}).get("text", ""))
                one = node["select_list"][int(place) - 1] if place.isdigit() else one  # noqa: PLW2901
            name = self._column(one)
            if name is None:
                return None
            found.add(name)
        return found

    def _column(self, node: Node) -> Name | None:
        """The table's column that is grouped by, maybe by the name it has in the list."""
        if node["class"] != "COLUMN_REF":
            return self._cut(node)
        own = self._own(node)
        if own is None:
            meant = self._aliases.get(str(node["column_names"][-1]).lower())
            if meant is not None:
                own = self._own(meant) if meant["class"] == "COLUMN_REF" else self._cut(meant)
        return own

    def _cut(self, node: Node) -> Name | None:
        """The key that a cut time is, where the source shall cut it."""
        cut = None if id(node) in self._kept else cut_of(node)
        if cut is None or cut[1]["class"] != "COLUMN_REF":
            return None
        column = self._own(cut[1])
        if column is None or self._type(column) not in self._types:
            return None
        known = (name for name, one in self._found.made.items() if (one.column, one.cut) == (column, cut[0]))
        name = next(known, None)
        if name is None:
            name = (column[0], f"{column[0]}k{len(self._found.made)}")
            self._found.made[name] = Made(column, cut[0], node)
            self._found.columns[id(cut[1])] = column
        return name

    def _type(self, name: Name) -> str:
        return next(leaf.columns[name[1]] for leaf in self._mine.values() if leaf.stub == name[0])

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
        elif kind in ("FUNCTION", "CAST") and (name := self._cut(node)) is not None:
            self._found.keys[name] = None
            self._found.used.append((node, name))
        elif kind == "SUBQUERY":
            self._apart(node["subquery"], frozenset())
            self._outside(node.get("child"))
        elif self._aggregates(node):
            self._call(node)
        else:
            self._checked(node)
            for one in node.values():
                self._outside(one)

    def _call(self, node: Node) -> None:
        name, arguments = _name(node), [one["expression"] for one in node["arguments"]]
        plain = not node["order_bys"]["orders"] and not node["export_state"] and len(arguments) <= 1
        if not plain:
            raise Unfit(f"{name} needs the rows")
        if node["distinct"] and name in REPEATABLE and not node["filter"]:
            for one in arguments:
                self._outside(one)
        elif name in ("min", "max") and not self._whole and not all(map(self._is_inside, arguments)):
            self._outside([*arguments, node["filter"]])
        elif name in AGGREGATES and not node["distinct"]:
            for one in (*arguments, node["filter"]):
                self._inside(one)
            optional = any(leaf.optional for leaf in self._mine.values())
            if optional and not self._whole and not self._of_column(node):
                raise Unfit(f"{name} may count rows of nulls")
            self._found.calls.append(node)
        else:
            raise Unfit(f"{name} is not made of parts")

    def _of_column(self, call: Node) -> bool:
        """Null of a row of nulls."""
        listed = call["arguments"]
        return bool(listed) and listed[0]["expression"]["class"] == "COLUMN_REF"

    def _inside(self, node: object) -> None:
        """What is aggregated or filtered by: only the tables' own columns, by steady functions."""
        if isinstance(node, list):
            for one in node:
                self._inside(one)
        if not isinstance(node, dict):
            return
        if node.get("class") == "COLUMN_REF":
            name = self._own(node)
            if name is None:
                raise Unfit("it aggregates what is no column of the table")
            self._found.columns[id(node)] = name
            return
        self._checked(node)
        for one in node.values():
            self._inside(one)

    def _key(self, node: Node) -> None:
        name = self._own(node)
        if name is not None:
            self._found.keys[name] = None
            self._found.used.append((node, name))
        elif self._whole and (
            len(node["column_names"]) != 1 or str(node["column_names"][0]).lower() not in self._aliases
        ):
            raise Unfit("it uses a name from outside")

    def _apart(self, node: object, names: frozenset[str]) -> None:
        """A subquery: what it may use of the tables it needs of each row. `names` are those of its own tables."""
        if isinstance(node, list):
            for one in node:
                self._apart(one, names)
        if not isinstance(node, dict):
            return
        if node.get("type") == "SELECT_NODE":
            names |= set(_names(node["from_table"]))
        kind = node.get("class")
        if kind == "COLUMN_REF":
            first, qualified = str(node["column_names"][0]).lower(), len(node["column_names"]) > 1
            own = None if qualified and first in names else self._own(node)
            if own is not None and self._whole and len(self._mine) > 1:
                raise Unfit("a subquery may be about its rows")
            self._found.keys |= {} if own is None else {own: None}
        elif kind == "STAR" and str(node.get("relation_name", "")).lower() in self._mine:
            raise Unfit("a subquery takes all its columns")
        elif self._aggregates(node) and self._of_mine(node):
            raise Unfit("an aggregate in a subquery may be of its rows")
        for one in node.values():
            self._apart(one, names)

    def _of_mine(self, node: object) -> bool:
        """Whether a column of the tables may be meant anywhere below."""
        if isinstance(node, list):
            return any(self._of_mine(one) for one in node)
        if not isinstance(node, dict):
            return False
        own = node.get("class") == "COLUMN_REF" and self._own(node) is not None
        return own or any(self._of_mine(one) for one in node.values())

    def _own(self, node: Node) -> Name | None:
        """The tables' column that a reference means."""
        names = [str(one).lower() for one in node["column_names"]]
        if len(names) == 2 and names[0] in self._mine:
            leaf = self._mine[names[0]]
            return (str(leaf.stub), names[1]) if names[1] in leaf.columns else None
        if len(names) == 1 and (shared := self._found.parts.shared.get(names[0])) is not None:
            # Of others it is no column of these, even where these have one of that name.
            return (str(self._mine[shared].stub), names[0]) if shared in self._mine else None
        met = [leaf for leaf in self._mine.values() if len(names) == 1 and names[0] in leaf.columns]
        return (str(met[0].stub), names[0]) if len(met) == 1 else None

    def _aggregates(self, node: Node) -> bool:
        return node.get("class") == "FUNCTION" and _name(node) in self._functions.aggregates

    def _checked(self, node: Node) -> None:
        kind = node.get("class")
        if kind is None or kind in _PLAIN:
            return
        if kind != "FUNCTION" or _name(node) not in self._functions.steady:
            raise Unfit(f"{str(kind).lower()} is not understood")


def _names(node: Node) -> Iterator[str]:
    if node["type"] == "JOIN":
        yield from _names(node["left"])
        yield from _names(node["right"])
    else:
        yield str(node["alias"] or node.get("table_name", "")).lower()


def _name(node: Node) -> str:
    return str(node["function_name"]).lower()
