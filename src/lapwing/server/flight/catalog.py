"""Catalogs (the sources, and metrics), schemas and tables, as Flight SQL tells them; datasets are views of metrics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pyarrow as pa

from lapwing.query.described import METRICS, columns_of
from lapwing.query.service import Lapwing
from lapwing.server.flight.message import Fields, text
from lapwing.sources.base import Column, Table
from lapwing.sources.types import arrow_type

_TEXT = pa.string()
CATALOGS = pa.schema([pa.field("catalog_name", _TEXT, nullable=False)])
SCHEMAS = pa.schema([("catalog_name", _TEXT), pa.field("db_schema_name", _TEXT, nullable=False)])
TYPES = pa.schema([pa.field("table_type", _TEXT, nullable=False)])
TABLES = pa.schema(
    [
        ("catalog_name", _TEXT),
        ("db_schema_name", _TEXT),
        pa.field("table_name", _TEXT, nullable=False),
        pa.field("table_type", _TEXT, nullable=False),
    ]
)
KEYS = pa.schema(
    [
        ("catalog_name", _TEXT),
        ("db_schema_name", _TEXT),
        pa.field("table_name", _TEXT, nullable=False),
        pa.field("column_name", _TEXT, nullable=False),
        ("key_name", _TEXT),
        pa.field("key_sequence", pa.int32(), nullable=False),
    ]
)
COMMANDS = ("CommandGetCatalogs", "CommandGetDbSchemas", "CommandGetTables", "CommandGetTableTypes",
            "CommandGetPrimaryKeys")  # fmt: skip


def schema_of(command: str, fields: Fields) -> pa.Schema:
    """The columns of what a command of `COMMANDS` is answered with."""
    tables = TABLES.append(pa.field("table_schema", pa.binary(), nullable=False)) if fields.get(5) == [1] else TABLES
    return dict(zip(COMMANDS, (CATALOGS, SCHEMAS, tables, TYPES, KEYS), strict=True))[command]


def answer(command: str, fields: Fields, tables: Iterable[Table]) -> pa.Table:
    """What a command of `COMMANDS` is answered with."""
    schema = schema_of(command, fields)
    rows: list[tuple[str | bytes, ...]] = []
    catalog = text(fields, 1)
    kept = [one for one in tables if catalog is None or one.source == catalog or command == COMMANDS[0]]
    if command == "CommandGetCatalogs":
        rows = sorted({(one.source,) for one in kept})
    elif command == "CommandGetDbSchemas":
        rows = sorted({(one.source, one.schema) for one in kept if _like(one.schema, text(fields, 2))})
    elif command == "CommandGetTableTypes":
        rows = [("TABLE",), ("VIEW",)]
    elif command == "CommandGetTables":
        kept = [one for one in kept if not fields.get(4) or _kind(one).encode() in fields[4]]
        found = [one for one in kept if _like(one.schema, text(fields, 2)) and _like(one.name, text(fields, 3))]
        found.sort(key=lambda one: (one.source, one.schema, one.name))
        rows = [(one.source, one.schema, one.name, _kind(one), _columns(one))[: len(schema)] for one in found]
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def tables(lapwing: Lapwing) -> Iterator[Table]:
    """Those of the sources that answer, and the datasets."""
    yield from lapwing.sql.catalog.tables()
    for dataset in lapwing.project.datasets.values():
        columns = tuple(Column(name, kind) for name, kind in columns_of(lapwing, dataset).items())
        yield Table(METRICS, "", dataset.name, columns)


def _kind(table: Table) -> str:
    return "VIEW" if table.source == METRICS else "TABLE"


def _columns(table: Table) -> bytes:
    fields = [pa.field(column.name, arrow_type(column.type)) for column in table.columns]
    return bytes(pa.schema(fields).serialize())


def _like(name: str, pattern: str | None) -> bool:
    if pattern is None:
        return True
    parts = re.split(r"([%_])", pattern)
    text = "".join({"%": ".*", "_": "."}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(text, name, re.DOTALL) is not None
