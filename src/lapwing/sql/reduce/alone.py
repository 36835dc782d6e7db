"""Finds the conditions of a SELECT that are about one table alone, as the engine would put them on its scan by themselves.

Beside others it may leave one further up, where its plan does not tell any more whose columns it names: one that could raise
an error (`left(name, 2) = 'ab'`) waits until the others have left rows out.
"""

from __future__ import annotations

from collections.abc import Iterator
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
class Alone:
    """A condition by its node's id, the `columns` that it names, in small letters, and its `text` with their raw names.
    `parts`: what its source would be told. `dropping`: rows of which it is not true may be left out of the table."""

    node: int
    columns: frozenset[str]
    text: str
    parts: tuple[Condition, ...]
    dropping: bool


def alone(select: Node, parts: From, leaf: Leaf, one: Occurrence, source: Source, cursor: Cursor) -> tuple[Alone, ...]:
    """Those about the table of `leaf`. `cursor`: of the planning instance, with the stubs of the statement."""
    found = [(test, _columns(test, leaf), drops) for test, drops in _tests(select, parts, leaf)]
    raws = one.carried({name for _, names, _ in found for name in names})
    if not found or raws is None:
        return ()
    found = [each for each in found if each[1]]
    tests = [test for test, _, _ in found]
    named = {id(ref): (one.stub, raws[names_of(ref)[-1]]) for ref in nodes(tests) if ref.get("class") == "COLUMN_REF"}
    texts = expressions(tests, named, cursor)
    made = conditions([(one, text) for text in texts], cursor) if texts else None
    if made is None:
        return ()
    return tuple(
        Alone(id(test), frozenset(names), text, told, drops)
        for (test, names, drops), text, filters in zip(found, texts, made, strict=True)
        if (told := _told(filters, one, source)) is not None
    )


def completed(scan: Scan, found: tuple[Alone, ...]) -> Scan:
    """The scan, whose source is told those of its conditions, too, of which the plan did not tell whose columns they name."""
    known = {part.text: part for one in found if one.dropping for part in one.parts if part.pushed is not None}
    pushed = [known.get(one.text, one) if one.pushed is None else one for one in scan.conditions]
    return replace(scan, conditions=tuple(dict.fromkeys(pushed)))


def _tests(select: Node, parts: From, leaf: Leaf) -> Iterator[tuple[Node, bool]]:
    """The conditions of WHERE and of joins, and whether a row of the leaf may go of which one is not true."""
    for test in conjuncts(select["where_clause"]):
        yield test, not leaf.optional
    for place, tests in enumerate(parts.conditions):
        for test in tests:
            yield test, leaf.on == place or (place in parts.sure and not leaf.optional)


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


def _told(filters: tuple[str, ...], one: Occurrence, source: Source) -> tuple[Condition, ...] | None:
    """What a source would be told of filters; None where they can't be read."""
    from lapwing.sql.capability import Renderer
    from lapwing.sql.predicate import conjuncts as parts_of
    from lapwing.sql.rules.conditions import condition_of

    columns = {one.raw(index): column for index, column in enumerate(one.table.columns)}
    renderer, names = Renderer(source.capabilities, columns), {raw: column.name for raw, column in columns.items()}
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
