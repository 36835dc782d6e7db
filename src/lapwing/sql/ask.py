"""Asks the engine's optimizer what each scan needs: EXPLAIN over stubs.

The optimizer folds constants, derives conditions through joins, CTEs and ORs, and makes outer joins inner where it can:
what stands above a scan in its plan is what may be left out at the source. It says only what rows it would drop, so
leaving them out is always right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lapwing.model.problem import LapwingError
from lapwing.sql.bind import BoundStatement, Occurrence, register_stubs
from lapwing.sql.wrong import explain_error

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor

LIMITS = frozenset({"STREAMING_LIMIT", "LIMIT"})
SCAN = "PYTHON_ARROW_SCAN"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place in the engine's plan that scans an occurrence: the columns it takes (indexes), the texts of the
    filters directly above, `limit`: how many rows suffice if those filters are all there is, `again`: whether the place
    runs more than once (inside a recursive CTE), `best`: so many rows of it, by an order, are all that is wanted."""

    columns: frozenset[int]
    filters: tuple[str, ...]
    limit: int | None
    again: bool
    best: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the engine says of a statement: sightings by occurrence, the result's schema and types, its operators."""

    sightings: Mapping[int, tuple[Sighting, ...]]
    schema: pa.Schema
    types: tuple[str, ...]
    steps: tuple[tuple[int, str], ...]


def ask(bound: BoundStatement, cursor: Cursor) -> Asked:
    """Plans the statement over stubs.

    Raises:
        NotFound: a column or function does not exist, with position and nearest names.
        WrongUse: it is wrong otherwise, such as in its types.
    """
    text = register_stubs(bound, cursor)
    try:
        schema, types = cursor.described(text.text)  # first: an error's place is then one of the statement's own text
        explained = cursor.table(f"EXPLAIN (FORMAT JSON) {text.text}")
    except LapwingError as error:
        wide = bound.wide
        explain_error(wide, register_stubs(wide, cursor), cursor, error)
    reading = _Reading(bound.occurrences)
    for root in json.loads(explained["explain_value"][0].as_py()):
        reading.visit(root, 0, _Above())
    schema = pa.schema([field.with_name(_named(field.name, bound.occurrences)) for field in schema])
    return Asked({key: tuple(seen) for key, seen in reading.sightings.items()}, schema, types, tuple(reading.steps))


def conditions(asked: Sequence[tuple[Occurrence, str]], cursor: Cursor) -> tuple[tuple[str, ...], ...] | None:
    """What the engine makes of conditions on one table each, whose stubs are registered: of each the texts of its filters.
    Columns have their raw names. None where it does more of them than to filter."""
    selects = (f"SELECT 1 FROM {one.stub} WHERE {text}" for one, text in asked)
    try:
        explained = cursor.table(f"EXPLAIN (FORMAT JSON) {' UNION ALL '.join(selects)}")
    except LapwingError:
        return None
    found: list[tuple[str, ...]] = []
    for root in json.loads(explained["explain_value"][0].as_py()):
        reading = _Reading(tuple({one.number: one for one, _ in asked}.values()), found)
        reading.visit(root, 0, _Above())
    return tuple(found) if len(found) == len(asked) else None


def _named(name: str, occurrences: tuple[Occurrence, ...]) -> str:
    """The name of a column of the result, which is its text where it has no other: a subquery's has stubs in it."""
    for one in occurrences:
        if one.stub in name:
            stub = rf'\(SELECT (?:CAST\()?"?{one.raw(one.meant[0])}\b.*? FROM {one.stub}\) AS (?P<alias>"(?:[^"]|"")+"|\w+)'
            written = ".".join(one.reference.parts)
            alias = r" AS \g<alias>" if one.reference.alias else ""
            name = re.sub(stub, written.replace("\\", r"\\") + alias, name, flags=re.DOTALL)
    return name


@dataclass(frozen=True, slots=True)
class _Above:
    """What stands above a node. `limit` and `best` are kept only while nothing but filters and projections came between."""

    filters: tuple[str, ...] = ()
    limit: int | None = None
    top: bool = True
    again: bool = False
    best: int | None = None


@dataclass(slots=True)
class _Reading:
    occurrences: tuple[Occurrence, ...]
    met: list[tuple[str, ...]] = field(default_factory=list)
    sightings: dict[int, list[Sighting]] = field(default_factory=dict)
    steps: list[tuple[int, str]] = field(default_factory=list)
    raws: dict[str, tuple[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        self.raws = {
            one.raw(index): (one.number, index) for one in self.occurrences for index in range(len(one.table.columns))
        }

    def visit(self, node: Mapping[str, Any], depth: int, above: _Above) -> None:
        name, info = str(node["name"]).strip(), node.get("extra_info", {})
        self.steps.append((depth, self.step(name, info)))
        if name == SCAN:
            self.met.append(above.filters)
            self.scan(info, above)
        if name == "FILTER":
            below = replace(above, filters=(*above.filters, _expression(info)))
        elif name == "PROJECTION":
            below = above
        elif name in LIMITS and above.top and not above.filters:
            below = _Above((), _limit(info, "Limit"), False, above.again)
        elif name == "TOP_N":
            below = _Above((), None, False, above.again, best=_limit(info, "Top"))
        else:
            below = _Above((), None, False, above.again or "REC" in name)
        for child in node.get("children", ()):
            self.visit(child, depth + 1, below)

    def scan(self, info: Mapping[str, Any], above: _Above) -> None:
        projected = info.get("Projections", [])
        projected = [projected] if isinstance(projected, str) else projected
        taken: dict[int, set[int]] = {}
        for name in projected:
            if (found := self.raws.get(name.strip('"'))) is not None:
                taken.setdefault(found[0], set()).add(found[1])
        for number, columns in taken.items():
            seen = Sighting(frozenset(columns), above.filters, above.limit, above.again, above.best)
            self.sightings.setdefault(number, []).append(seen)

    def step(self, name: str, info: Mapping[str, Any]) -> str:
        """One operator in a line, with the tables' own column names."""
        parts = [
            ", ".join(value) if isinstance(value, list) else str(value)
            for key, value in info.items()
            if key not in ("Estimated Cardinality", "Function", "__estimated_cardinality__") and value
        ]
        text = f"{name.lower().replace('_', ' ')} {'; '.join(parts)}".strip()
        for one in reversed(self.occurrences):
            if one.stub not in text:
                continue
            for index in reversed(range(len(one.table.columns))):
                text = text.replace(one.raw(index), f"{one.reference.name}.{one.table.columns[index].name}")
        return text.replace("python arrow scan", "scan")


def _expression(info: Mapping[str, Any]) -> str:
    """A filter's text; EXPLAIN splits it at line ends, those inside of literals too."""
    text = info.get("Expression", "")
    return "\n".join(text) if isinstance(text, list) else str(text)


def _limit(info: Mapping[str, Any], name: str) -> int | None:
    """Limit and offset where both are plain numbers."""
    limit, offset = str(info.get(name, "")), str(info.get("Offset", "0"))
    return int(limit) + int(offset) if limit.isdigit() and offset.isdigit() else None
