"""Finds columns that a statement needs for conditions alone which their source has looked at: these need not be read.

In such conditions one value that meets them can stand for every value of the column, since the rows that come meet them,
too. Everything else in the statement must name other columns. The conditions stay in the statement: for rows of NULLs, which
an outer join makes, they mean what they did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from lapwing.sources.base import Column, Source
from lapwing.sql.aggregate.leaves import Node
from lapwing.sql.aggregate.tree import selects
from lapwing.sql.bind import BoundStatement
from lapwing.sql.nodes import Constant, Scan
from lapwing.sql.reduce.alone import Alone, Mention, alone, completed, names_of, nodes
from lapwing.sql.reduce.witness import witness

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor

FEW = 10_000
"""Rows of which the column of a condition may as well be read: that takes less time than to find out."""
_NOWHERE = 2**64 - 1


def prunable(
    bound: BoundStatement,
    scans: Sequence[Scan],
    source: Callable[[str], Source],
    tree: Callable[[], Node],
    cursor: Cursor,
) -> tuple[Scan, ...]:
    """The scans, with all conditions on them alone that their sources answer, and `constants` for those of their columns that
    only these need. `tree` gives that of `bound`, each table under its stub's name; `cursor`: of the planning instance, with
    these stubs."""
    among = {
        scan.id: (one, scan)
        for one, scan in zip(bound.occurrences, scans, strict=True)
        if scan.conditions and not scan.native and (scan.rows is None or scan.rows > FEW)
    }
    if not among:
        return tuple(scans)
    statement = tree()
    mentions = [
        Mention(among[leaf.stub][1], among[leaf.stub][0], source(among[leaf.stub][1].table.source), node, parts, leaf)
        for node, parts in selects(statement, {name: one.table for name, (one, _) in among.items()})
        for leaf in parts.leaves
        if leaf.stub is not None
    ]
    tests = alone(mentions, cursor)
    made = {one.scan.id: completed(one.scan, tests[one.scan.id]) for one in mentions}
    wanted = [
        wanted
        for one in mentions
        if not one.source.capabilities.looked_at_again
        for wanted in _idle(statement, one, tests[one.scan.id], made[one.scan.id])
    ]
    found = witness([(one.raws, [test.text for test in one.tests]) for one in wanted], cursor)
    for one, values in zip(wanted, found, strict=True):
        scan = made[one.scan]
        made[one.scan] = replace(scan, constants=(*scan.constants, *map(Constant, one.columns, values or ())))
    return tuple(made.get(scan.id, scan) for scan in scans)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Columns of a scan that only `tests` need, `raws` by their raw names: of these values are wanted."""

    scan: str
    columns: tuple[Column, ...]
    raws: tuple[Column, ...]
    tests: tuple[Alone, ...]


def _idle(tree: Node, mention: Mention, tests: Sequence[Alone], scan: Scan) -> Iterator[_Wanted]:
    told = {condition.pushed for condition in scan.pushed}
    found = {test.node: test for test in tests if all(part.pushed in told for part in test.parts)}
    # What stands beside a value that is read is read, too.
    while mixed := [node for node, test in found.items() if test.columns & _elsewhere(tree, mention, found.keys())]:
        found = {node: test for node, test in found.items() if node not in mixed}
    for together in _together(found.values()):
        names = {name for test in together for name in test.columns}
        columns = tuple(column for column in scan.columns if column.name.lower() in names)
        raws = tuple(replace(one, name=mention.one.raw(scan.table.columns.index(one))) for one in columns)
        yield _Wanted(scan.id, columns, raws, tuple(together))


def _together(tests: Iterable[Alone]) -> list[list[Alone]]:
    """Those that name a column of each other, or of one that does."""
    found: list[list[Alone]] = []
    for test in tests:
        near = [others for others in found if any(test.columns & other.columns for other in others)]
        found = [others for others in found if others not in near] + [[test, *chain.from_iterable(near)]]
    return found


def _elsewhere(tree: Node, mention: Mention, tests: AbstractSet[int]) -> set[str]:
    """The columns of a leaf that may be meant outside of some conditions; all of them where that can't be told."""
    select, leaf = mention.select, mention.leaf
    found: set[str] = set()
    for one in nodes(tree, tests):
        kind = one.get("class")
        found.update(str(name).lower() for name in one.get("using_columns") or ())
        if kind == "COLUMN_REF":
            names = names_of(one)
            if names == [leaf.name]:
                return set(leaf.columns)
            found.update(names if names[0] == leaf.name else names[:1])
        elif kind == "POSITIONAL_REFERENCE" or (kind == "STAR" and str(one["relation_name"]).lower() == leaf.name):
            return set(leaf.columns)
    return set(leaf.columns) if any(map(_takes_all, _own(select, _unused(tree, select)))) else found


def _unused(tree: Node, select: Node) -> set[int]:
    """What a SELECT lists to no end, as it is only asked whether it has rows, of which the list makes no fewer."""
    exists = any(one.get("subquery_type") == "EXISTS" and one["subquery"]["node"] is select for one in nodes(tree))
    fewer = select["aggregate_handling"] != "STANDARD_HANDLING" or any(
        one["type"] == "DISTINCT_MODIFIER" for one in select["modifiers"]
    )
    return {id(one) for one in select["select_list"]} if exists and not fewer else set()


def _takes_all(node: Node) -> bool:
    """Whether it is a star, of more than what is selected: that of ORDER BY ALL stands nowhere in the text."""
    at = node.get("query_location")
    return node.get("class") == "STAR" and not node["relation_name"] and not (node["columns"] and at == _NOWHERE)


def _own(select: Node, without: set[int]) -> Iterator[Node]:
    """The nodes of a SELECT, without those of others inside of it."""
    inner = {id(one) for one in nodes(select) if one.get("type") == "SELECT_NODE" and one is not select}
    return nodes(select, inner | without)
