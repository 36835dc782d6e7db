"""Binds a statement: each mention of a table gets its table, each name and type is checked by the engine over stubs.

A stub has the table's column types and no rows; each of its columns has a name of its own, so that the engine's plan
tells which table a condition is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from lapwing.model.names import nearest
from lapwing.model.problem import NotFound, Place, Problem, WrongUse
from lapwing.sources.base import Column, Table
from lapwing.sources.quote import identifier
from lapwing.sources.types import arrow_type
from lapwing.sql.catalog import Catalog
from lapwing.sql.parse import Reference, Statement
from lapwing.sql.text import Edit, Edited, apply, place

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor

GIVEN = "given"
METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One mention of a source's table."""

    number: int
    reference: Reference
    table: Table
    prefix: str

    @property
    def stub(self) -> str:
        return f"{self.prefix}{self.number}"

    def raw(self, column: int) -> str:
        """The unique name of the column with this index."""
        return f"{self.stub}_{column}"

    def carried(self, names: Iterable[str]) -> dict[str, str] | None:
        """The raw names of columns, which are named in small letters; None where values of one travel as another type."""
        found = {column.name.lower(): (self.raw(at), column) for at, column in enumerate(self.table.columns)}
        if any(restored(raw, column) != raw for raw, column in map(found.__getitem__, names)):
            return None
        return {name: found[name][0] for name in names}

    @property
    def meant(self) -> tuple[int, ...]:
        """Indexes of the columns that the statement may mean; one at least, so that rows can be counted."""
        names = self.reference.columns
        columns = enumerate(self.table.columns)
        return tuple(at for at, one in columns if names is None or one.name.lower() in names) or (0,)


@dataclass(frozen=True, slots=True)
class BoundStatement:
    """A statement whose tables are known. `given` pairs mentions of handed-in tables with their names."""

    statement: Statement
    occurrences: tuple[Occurrence, ...]
    given: tuple[tuple[Reference, str], ...]
    tables: Mapping[str, pa.Table] = field(repr=False)

    @property
    def wide(self) -> BoundStatement:
        """The same, as if every column might be meant: for sentences about columns that are not there."""
        every = (replace(one, reference=replace(one.reference, columns=None)) for one in self.occurrences)
        return replace(self, occurrences=tuple(every))

    def given_name(self, name: str) -> str:
        return f"{GIVEN}_{name}"

    def replaced(self, texts: Mapping[int, str]) -> Edited:
        """The user's statement with each occurrence's table replaced by the text for its number."""
        edits = [_edit(one.reference, texts[one.number]) for one in self.occurrences]
        edits += [_edit(reference, identifier(self.given_name(name))) for reference, name in self.given]
        return apply(self.statement.text, (*self.statement.qualified, *edits))


def _edit(reference: Reference, text: str) -> Edit:
    alias = "" if reference.alias else f" AS {identifier(reference.parts[-1])}"
    return Edit(reference.start, reference.end, text + alias)


def bind(statement: Statement, catalog: Catalog, given: Mapping[str, pa.Table]) -> BoundStatement:
    """Finds the statement's tables.

    Raises:
        NotFound: unknown sources and tables, all of them at once, with the nearest names.
        WrongUse: `metrics.*`, which is answered by the query room; columns that differ by letters' case alone.
    """
    prefix = "scan"
    while prefix in statement.text.lower():  # so that no name of the statement can be taken for a stub's column
        prefix += "_"
    occurrences: list[Occurrence] = []
    handed: list[tuple[Reference, str]] = []
    problems: list[Problem] = []
    for reference in statement.references:
        where = place(statement.text, reference.start)
        first = reference.parts[0].lower()
        try:
            if len(reference.parts) == 2 and first == GIVEN:
                handed.append((reference, _given(reference.parts[1], given, where)))
            elif len(reference.parts) == 2 and first == METRICS:
                raise WrongUse.of("metrics-here", "Tables of metrics are answered by a query of metrics.", place=where)
            else:
                table = catalog.resolve(reference.parts, where)
                occurrences.append(_told_apart(Occurrence(len(occurrences), reference, table, prefix), where))
        except NotFound as error:
            problems += error.problems
    if problems:
        raise NotFound(*problems)
    return BoundStatement(statement, tuple(occurrences), tuple(handed), dict(given))


def _told_apart(one: Occurrence, where: Place) -> Occurrence:
    """The mention, if names tell the columns apart that it may mean: quoted or not, letters' case does not count in them.

    Raises:
        WrongUse: they don't.
    """
    seen: dict[str, str] = {}
    for index in one.meant:
        name = one.table.columns[index].name
        if (other := seen.setdefault(name.lower(), name)) is not name:
            raise WrongUse.of(
                "ambiguous-column",
                f"{one.table.path} has the columns {other} and {name}, which names don't tell apart here.",
                place=where,
                hint="Case of letters does not count. Name other columns, or make a view there that calls them otherwise.",
            )
    return one


def _given(name: str, given: Mapping[str, pa.Table], where: Place) -> str:
    by_name = {known.lower(): known for known in given}
    if name.lower() not in by_name:
        raise NotFound.of("unknown-table", f"No table {name} was given.", place=where, nearest=nearest(name, given))
    return by_name[name.lower()]


def register_stubs(bound: BoundStatement, cursor: Cursor) -> Edited:
    """Registers the stubs at the planning instance and gives the statement over them."""
    texts = {}
    for one in bound.occurrences:
        fields = [pa.field(one.raw(index), arrow_type(one.table.columns[index].type)) for index in one.meant]
        cursor.register(one.stub, pa.Table.from_batches([], pa.schema(fields)))
        texts[one.number] = stub_relation(one)
    for _, name in bound.given:
        cursor.register(bound.given_name(name), pa.Table.from_batches([], bound.tables[name].schema))
    return bound.replaced(texts)


def stub_relation(one: Occurrence) -> str:
    """What stands for a table over its registered stub."""
    outputs = (
        f"{restored(identifier(one.raw(index)), one.table.columns[index])} AS {identifier(one.table.columns[index].name)}"
        for index in one.meant
    )
    return f"(SELECT {', '.join(outputs)} FROM {one.stub})"


def restored(sql: str, column: Column) -> str:
    """The column as its engine type, where Arrow carries it as another: text for a UUID, say."""
    carried = arrow_type(column.type)
    text = carried == pa.string() and column.type.upper() != "VARCHAR"
    return f"CAST({sql} AS {column.type})" if text or column.type.upper() == "HUGEINT" else sql
