"""Finds the conditions of a SELECT that are about one table alone, as the engine would put them on its scan by themselves.

Beside others it may leave one further up, where its plan does not tell any more whose columns it names: one that could raise
an error (`left(name, 2) = 'ab'`) waits until the others have left rows out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lapwing.sources.base import Source
from lapwing.sql.aggregate.leaves import From, Leaf, Node, conjuncts
from lapwing.sql.aggregate.rewrite import expressions
from lapwing.sql.ask import conditions
from lapwing.sql.bind import Occurrence
from lapwing.sql.nodes import Condition, Scan

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor

_PLAIN = frozenset({"CONSTANT", "TYPE", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN", "CAST", "FUNCTION"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A scan in its place: the SELECT that mentions its table, and the leaf of that SELECT's FROM."""

    scan: Scan
    one: Occurrence
    source: Source
    select: Node
    parts: From
    leaf: Leaf


@dataclass(frozen=True, slots=True)
class Alone:
    """A condition by its node's id, the `columns` that it names, in small letters, and its `text` with their raw names.
    `parts`: what its source would be told. `dropping`: rows of which it is not true may be left out of the table."""

    node: int
    columns: frozenset[str]
    text: str
    parts: tuple[Condition, ...]
    dropping: bool


@dataclass(frozen=True, slots=True)
class _Test:
    mention: Mention
    node: Node
    columns: frozenset[str]
    dropping: bool


def alone(mentions: Sequence[Mention], cursor: Cursor) -> dict[str, list[Alone]]:
    """The conditions about the table of a mention, by the id of its scan. `cursor`: of the planning instance, with the stubs of
    the statement. All mentions are asked for at once: each question takes the engine half a millisecond."""
    found = [test for mention in mentions for test in _tests(mention)]
    named = {id(ref): name for test in found for ref, name in _references(test)}
    texts = expressions([test.node for test in found], named, cursor)
    made = (
        conditions([(test.mention.one, text) for test, text in zip(found, texts, strict=True)], cursor) if found else ()
    )
    known: dict[str, list[Alone]] = {mention.scan.id: [] for mention in mentions}
    for test, text, filters in zip(found, texts, made or (), strict=False):
        told = _told(filters, test.mention)
        if told is not None:
            known[test.mention.scan.id].append(Alone(id(test.node), test.columns, text, told, test.dropping))
    return known


def completed(scan: Scan, found: Sequence[Alone]) -> Scan:
    """The scan, whose source is told those of its conditions, too, of which the plan did not tell whose columns they name."""
    known = {part.text: part for one in found if one.dropping for part in one.parts if part.pushed is not None}
    pushed = [known.get(one.text, one) if one.pushed is None else one for one in scan.conditions]
    return replace(scan, conditions=tuple(dict.fromkeys(pushed)))


def _tests(mention: Mention) -> Iterator[_Test]:
    """The conditions of WHERE and of joins that name columns of the table alone, whose values travel as they are."""
    parts, leaf = mention.parts, mention.leaf
    tests = [(test, not leaf.optional) for test in conjuncts(mention.select["where_clause"])]
    for place, listed in enumerate(parts.conditions):
        tests += [(test, leaf.on == place or (place in parts.sure and not leaf.optional)) for test in listed]
    for test, dropping in tests:
        names = _columns(test, leaf)
        if names and mention.one.carried(names) is not None:
            yield _Test(mention, test, frozenset(names), dropping)


def _references(test: _Test) -> Iterator[tuple[Node, tuple[str]]]:
    """Those to columns, and the raw names of these."""
    raws = test.mention.one.carried(test.columns) or {}
    for ref in nodes(test.node):
        if ref.get("class") == "COLUMN_REF":
            yield ref, (raws[names_of(ref)[-1]],)


def _columns(test: Node, leaf: Leaf) -> set[str]:
    """The columns of a table that a condition is about; none if it is about more."""
    found: set[str] = set()
    for one in nodes(test):
        kind = one.get("class")
        if kind == "COLUMN_REF":
            *table, name = names_of(one)
            if table not in ([], [leaf.name]) or name not in leaf.columns:
                return set()
            found.add(name)
        elif kind is not None and kind not in _PLAIN:
            return set()
    return found


def _told(filters: tuple[str, ...], mention: Mention) -> tuple[Condition, ...] | None:
    """What a source would be told of filters; None where they can't be read."""
    from lapwing.sql.capability import Renderer
    from lapwing.sql.predicate import conjuncts as parts_of
    from lapwing.sql.rules.conditions import condition_of

    one = mention.one
    columns = {one.raw(index): column for index, column in enumerate(one.table.columns)}
    renderer, names = (
        Renderer(mention.source.capabilities, columns),
        {raw: column.name for raw, column in columns.items()},
    )
    found: list[Condition] = []
    for text in filters:
        parts = parts_of(text)
        if parts is None:
            return None
        found += [condition_of(part, names, renderer) for part in parts]
    return tuple(found)


def names_of(reference: Node) -> list[str]:
    """The parts of a column's name, in small letters."""
    return [str(name).lower() for name in reference["column_names"]]


def nodes(node: object, without: AbstractSet[int] = frozenset()) -> Iterator[Node]:
    """A tree's nodes, but for those below `without`."""
    if isinstance(node, list):
        for one in node:
            yield from nodes(one, without)
    elif isinstance(node, dict) and id(node) not in without:
        yield node
        for one in node.values():
            yield from nodes(one, without)
