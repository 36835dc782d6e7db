"""Finds columns that a statement needs for conditions alone which their source has looked at: these need not be read.

In such conditions one value that meets them can stand for every value of the column, since the rows that come meet them,
too. Everything else in the statement must name other columns. The conditions stay in the statement: for rows of NULLs, which
an outer join makes, they mean what they did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from lapwing.sources.base import Source
from lapwing.sql.aggregate.leaves import From, Leaf, Node, conjuncts
from lapwing.sql.aggregate.rewrite import expressions, tree_of
from lapwing.sql.aggregate.tree import selects
from lapwing.sql.ask import conditions
from lapwing.sql.bind import BoundStatement, Occurrence
from lapwing.sql.nodes import Constant, Scan
from lapwing.sql.reduce.witness import witness

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor

_NOWHERE = 2**64 - 1
_PLAIN = frozenset({"CONSTANT", "TYPE", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN", "CAST", "FUNCTION"})


def prunable(
    bound: BoundStatement, scans: Sequence[Scan], source: Callable[[str], Source], cursor: Cursor
) -> tuple[Scan, ...]:
    """The scans, with `constants` for those of their columns that conditions alone need. `cursor`: of the planning instance,
    with the stubs of `bound`."""
    found = {
        scan.id: (one, scan)
        for one, scan in zip(bound.occurrences, scans, strict=True)
        if scan.pushed and not source(scan.table.source).capabilities.looked_at_again
    }
    if not found:
        return tuple(scans)
    tree = tree_of(bound.replaced({one.number: one.stub for one in bound.occurrences}).text, cursor)
    made: dict[str, tuple[Constant, ...]] = {}
    for node, parts in selects(tree, {name: one.table for name, (one, _) in found.items()}):
        for leaf in parts.leaves:
            if leaf.stub is not None:
                made[leaf.stub] = _constants(tree, node, parts, leaf, *found[leaf.stub], cursor)
    return tuple(replace(scan, constants=made.get(scan.id, ())) for scan in scans)


def _constants(
    tree: Node, node: Node, parts: From, leaf: Leaf, one: Occurrence, scan: Scan, cursor: Cursor
) -> tuple[Constant, ...]:
    conditions = [*conjuncts(node["where_clause"]), *chain.from_iterable(parts.conditions)]
    about = {id(test): names for test in conditions if (names := _columns(test, leaf))}
    whole = [test for test in conditions if id(test) in about]
    named = {id(ref): (one.stub, _names(ref)[-1]) for ref in _nodes(whole) if ref.get("class") == "COLUMN_REF"}
    texts = dict(zip(about, expressions(whole, named, cursor), strict=True))
    tests = _looked_at(texts, one, scan, cursor)
    while mixed := {test for test in tests if about[test] & _elsewhere(tree, node, leaf, tests)}:
        tests -= mixed  # what stands beside a value that is read is read, too
    columns = [column for column in scan.columns if any(column.name.lower() in about[test] for test in tests)]
    if not columns:
        return ()
    values = witness(one.stub, columns, [texts[test] for test in tests], cursor)
    return () if values is None else tuple(map(Constant, columns, values))


def _columns(test: Node, leaf: Leaf) -> set[str]:
    """The columns of a table that a condition is about; none if it is about more."""
    found: set[str] = set()
    for one in _nodes(test):
        kind = one.get("class")
        if kind == "COLUMN_REF":
            *table, name = _names(one)
            if table not in ([], [leaf.name]) or name not in leaf.columns:
                return set()
            found.add(name)
        elif kind is not None and kind not in _PLAIN:
            return set()
    return found


def _looked_at(texts: Mapping[int, str], one: Occurrence, scan: Scan, cursor: Cursor) -> set[int]:
    """The conditions that the source was told of as a whole."""
    from lapwing.sql.predicate import conjuncts as parts_of
    from lapwing.sql.predicate import named

    told = {condition.text for condition in scan.pushed}
    names = {one.raw(index): column.name for index, column in enumerate(scan.table.columns)}

    def is_told(text: str) -> bool:
        parts = parts_of(text)
        return parts is not None and all(named(part.sql("duckdb"), names) in told for part in parts)

    made = conditions([(one, text) for text in texts.values()], cursor) if texts else ()
    return {test for test, filters in zip(texts, made or (), strict=False) if all(map(is_told, filters))}


def _elsewhere(tree: Node, select: Node, leaf: Leaf, tests: set[int]) -> set[str]:
    """The columns of a leaf that may be meant outside of some conditions; all of them where that can't be told."""
    found: set[str] = set()
    for one in _nodes(tree, tests):
        kind = one.get("class")
        found.update(str(name).lower() for name in one.get("using_columns") or ())
        if kind == "COLUMN_REF":
            names = _names(one)
            if names == [leaf.name]:
                return set(leaf.columns)
            found.update(names if names[0] == leaf.name else names[:1])
        elif kind == "POSITIONAL_REFERENCE" or (kind == "STAR" and str(one["relation_name"]).lower() == leaf.name):
            return set(leaf.columns)
    return set(leaf.columns) if any(map(_takes_all, _own(select, _unused(tree, select)))) else found


def _unused(tree: Node, select: Node) -> set[int]:
    """What a SELECT lists to no end, as it is only asked whether it has rows."""
    exists = any(one.get("subquery_type") == "EXISTS" and one["subquery"]["node"] is select for one in _nodes(tree))
    return {id(one) for one in select["select_list"]} if exists else set()


def _takes_all(node: Node) -> bool:
    """Whether it is a star, of more than what is selected: that of ORDER BY ALL stands nowhere in the text."""
    at = node.get("query_location")
    return node.get("class") == "STAR" and not node["relation_name"] and not (node["columns"] and at == _NOWHERE)


def _names(reference: Node) -> list[str]:
    return [str(name).lower() for name in reference["column_names"]]


def _nodes(node: object, without: set[int] | frozenset[int] = frozenset()) -> Iterator[Node]:
    """A tree's nodes, but for those below `without`."""
    if isinstance(node, list):
        for one in node:
            yield from _nodes(one, without)
    elif isinstance(node, dict) and id(node) not in without:
        yield node
        for one in node.values():
            yield from _nodes(one, without)


def _own(select: Node, without: set[int]) -> Iterator[Node]:
    """The nodes of a SELECT, without those of others inside of it."""
    inner = {id(one) for one in _nodes(select) if one.get("type") == "SELECT_NODE" and one is not select}
    return _nodes(select, inner | without)
