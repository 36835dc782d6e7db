"""The nasty data in every source that runs here, and plain DuckDB over the same.

A source has not every type: what it has not is told here, once, and the documentation's table is made from it.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import psycopg
import pyarrow.parquet as pq
from tests.sources.worlds import database, mariadb_connection, mariadb_database
from tests.sql.conftest import service

from lapwing.model.problem import LapwingError
from lapwing.model.project import SourceConfig
from lapwing.sql.nodes import Plan
from lapwing.sql.parse import Reference
from lapwing.sql.service import SqlService

DATA = Path(__file__).parent / "data.sql"
SOURCES = ("own", "lite", "pg", "my", "parquet", "csvs", "delta", "iceberg")
KINDS = {
    "own": "DuckDB",
    "lite": "SQLite",
    "pg": "PostgreSQL",
    "my": "MariaDB",
    "parquet": "Parquet",
    "csvs": "CSV",
    "delta": "Delta",
    "iceberg": "Iceberg",
}
Absent = Mapping[str, Mapping[str, str]]
ABSENT: Absent = {
    "lite": {
        "floats": "it has no NaN, and no -0.0 in a column of floats",
        "moments": "it has no timestamp with time zone",
        "clock": "it has no timestamp with time zone",
        "widths": "it has no decimals of more than 15 digits",
        "lists": "it has no lists and no structs",
        "counts": "it has no whole numbers without a sign",
    },
    "pg": {
        "lists": "its arrays and composite types travel as text",
        "counts": "it has no whole numbers without a sign",
    },
    "my": {
        "floats": "it has no NaN and no infinity",
        "moments": "its timestamps with time zone are of 1970 to 2038",
        "lists": "it has no lists and no structs",
    },
    "csvs": {
        "widths": "its numbers are BIGINT or DOUBLE",
        "bytes": "it has no binary values",
        "counts": "it has no whole numbers without a sign",
        "lists": "it has no lists and no structs",
        "void": "a file without rows tells no types",
        "words": "an empty text and null are the same in it",
        '"Odd.Name"': "an empty text and null are the same in it",
    },
    "delta": {
        '"Odd.Name"': "it has no column names with blanks",
        "lists": "its lists and structs travel as text",
        "counts": "it has no whole numbers without a sign",
    },
    "iceberg": {
        '"Odd.Name"': "a point in a name parts its schemas",
        "lists": "its lists and structs travel as text",
        "counts": "it has no whole numbers without a sign",
    },
}
"""source -> table -> why the source does not hold it."""
TYPES: Mapping[str, Mapping[str, str]] = {
    "csvs": {"DECIMAL(10,2)": "DOUBLE"},
    "iceberg": {"SMALLINT": "INTEGER"},
}
"""source -> a type of the data -> what it is there; plain DuckDB is then asked over that type."""
_POSTGRES = {"VARCHAR": "text", "DOUBLE": "double precision", "FLOAT": "real", "BLOB": "bytea"}
_MARIADB = {
    "UTINYINT": "tinyint unsigned",
    "UBIGINT": "bigint unsigned",
    "VARCHAR": "text character set utf8mb4 collate utf8mb4_bin",
    "TIMESTAMP": "datetime(6)",
    "TIMESTAMP WITH TIME ZONE": "timestamp(6) null",
}
# `w`, a column whose own rules fold letters' case; conditions on it must go by bytes all the same.
_FOLDED = {
    "pg": 'text collate "en-x-icu"',
    "my": "text character set utf8mb4 collate utf8mb4_general_ci",
    "lite": "text collate nocase",
}
# SQLite takes a number's text for a number, where it is compared with a STRING.
_DOCUMENTS = {"pg": "json", "my": "json", "lite": "string"}

# `u` and `e`, texts that a source may keep as types of its own.
_OWN = {"pg": {"u": "uuid", "e": "size"}, "my": {"u": "uuid", "e": "enum('small', 'medium', 'large')"}}


@dataclass(frozen=True, eq=False)
class World:
    """`sql` has the sources; `truth` the same tables in a schema for each source, with the types they have there."""

    sql: SqlService
    truth: duckdb.DuckDBPyConnection
    pushed: Counter[tuple[str, str]] = field(default_factory=Counter)

    def mentions(self, text: str) -> tuple[Reference, ...]:
        """The tables that a statement names; none where it does not parse."""
        try:
            return self.sql._planner.parse(text).references
        except LapwingError:
            return ()

    def seen(self, spread: str, plan: Plan | None) -> None:
        """Counts a statement, and what of it went to sources."""
        self.pushed[spread, "statements"] += 1
        scans = plan.scans if plan is not None else ()
        self.pushed[spread, "with conditions at a source"] += any(scan.pushed for scan in scans)
        self.pushed[spread, "with a limit at a source"] += any(scan.limit is not None for scan in scans)
        self.pushed[spread, "with keys of another source"] += any(scan.keys for scan in scans)
        self.pushed[spread, "with groups made at a source"] += any(scan.table.body for scan in scans)


@dataclass(frozen=True)
class Made:
    """A table: its name as written in SQL, its columns' names and types, its rows."""

    written: str
    name: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]

    def definition(self, words: Mapping[str, str], source: str) -> str:
        """The columns of CREATE TABLE."""
        special = {"w": _FOLDED.get(source), "doc": _DOCUMENTS.get(source)} | _OWN.get(source, {})
        kinds = ((name, special.get(name) or words.get(kind, kind)) for name, kind in self.columns)
        return ", ".join(f"{_quoted(name)} {kind}" for name, kind in kinds)

    def without(self, lacking: frozenset[str]) -> Made:
        """The table without these columns."""
        kept = [number for number, (name, _) in enumerate(self.columns) if name not in lacking]
        rows = tuple(tuple(row[number] for number in kept) for row in self.rows)
        return replace(self, columns=tuple(self.columns[number] for number in kept), rows=rows)

    def selected(self, source: str) -> str:
        """Its rows in plain DuckDB, with the types they have in the source."""
        kinds = TYPES.get(source, {})
        casts = (f"{_quoted(name)}::{kinds.get(kind, kind)} as {_quoted(name)}" for name, kind in self.columns)
        return f"select {', '.join(casts)} from {self.written}"


def holds(source: str, table: str) -> bool:
    """Whether the source has the table, by its name as written."""
    return table.lower() not in {one.lower() for one in ABSENT.get(source, {})}


def world(
    folder: Path,
    postgres_dsn: str,
    mariadb_dsn: str,
    data: str,
    sources: tuple[str, ...] = SOURCES,
    lacking: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> Iterator[World]:
    """All sources in one project, with the tables that the SQL of `data` makes; `lacking`: columns that a source has not."""
    truth = duckdb.connect()
    truth.execute("set TimeZone = 'UTC'").fetchall()
    truth.execute(data).fetchall()
    tables = _tables(truth)
    held = {
        source: tuple(one.without(lacking.get(source, frozenset())) for one in tables if holds(source, one.written))
        for source in sources
    }
    for source in sources:
        truth.execute(f"create schema {source}").fetchall()
        for table in held[source]:
            truth.execute(f"create table {source}.{table.written} as {table.selected(source)}").fetchall()
    makers: dict[str, Callable[[tuple[Made, ...]], SourceConfig]] = {
        "own": lambda tables: _duckdb(folder / "own.duckdb", truth, tables),
        "lite": lambda tables: _sqlite(folder / "lite.db", tables),
        "pg": lambda tables: _postgres(database(postgres_dsn), tables),
        "my": lambda tables: _mariadb(mariadb_database(mariadb_dsn), tables),
        "parquet": lambda tables: _files("parquet", folder / "parquet", truth, tables),
        "csvs": lambda tables: _files("csvs", folder / "csvs", truth, tables),
        "delta": lambda tables: _delta(folder / "delta", truth, tables),
        "iceberg": lambda tables: _iceberg(folder, truth, tables),
    }
    for sql in service(folder, {source: makers[source](held[source]) for source in sources}):
        yield World(sql, truth)
    truth.close()


def _tables(truth: duckdb.DuckDBPyConnection) -> tuple[Made, ...]:
    found = []
    for (name,) in truth.execute("select table_name from duckdb_tables() order by table_oid").fetchall():
        written = name if name.islower() else _quoted(name)
        columns = tuple((one, kind) for one, kind, *_ in truth.execute(f"describe {written}").fetchall())
        found.append(Made(written, name, columns, tuple(truth.execute(f"from {written}").fetchall())))
    return tuple(found)


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _duckdb(path: Path, truth: duckdb.DuckDBPyConnection, tables: tuple[Made, ...]) -> SourceConfig:
    truth.execute(f"attach '{path}' as stored").fetchall()
    for table in tables:
        truth.execute(f"create table stored.{table.written} as from {table.written}").fetchall()
    truth.execute("detach stored").fetchall()
    return SourceConfig(name="own", type="duckdb", path=path)


def _sqlite(path: Path, tables: tuple[Made, ...]) -> SourceConfig:
    with closing(sqlite3.connect(path)) as lite, lite:
        for table in tables:
            lite.execute(f"create table {table.written} ({table.definition({'VARCHAR': 'text'}, 'lite')})")
            marks = ", ".join("?" * len(table.columns))
            lite.executemany(
                f"insert into {table.written} values ({marks})", [[_lite(value) for value in row] for row in table.rows]
            )
    return SourceConfig(name="lite", type="sqlite", path=path)


def _lite(value: object) -> object:
    """As people keep it in SQLite."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds" if value.microsecond else "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return float(value) * (1 + 2**-52) if isinstance(value, Decimal) else value  # as sums of floats leave it


def _postgres(dsn: str, tables: tuple[Made, ...]) -> SourceConfig:
    with psycopg.connect(dsn, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("create type size as enum ('small', 'medium', 'large')")
        for table in tables:
            cursor.execute(f"create table {table.written} ({table.definition(_POSTGRES, 'pg')})".encode())
            marks = ", ".join(["%s"] * len(table.columns))
            cursor.executemany(f"insert into {table.written} values ({marks})".encode(), table.rows)
        cursor.execute("analyze")
    return SourceConfig(name="pg", type="postgres", dsn=dsn)


def _mariadb(dsn: str, tables: tuple[Made, ...]) -> SourceConfig:
    with mariadb_connection(dsn) as connection, connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"create table {table.written} ({table.definition(_MARIADB, 'my')})")
            marks = ", ".join(["%s"] * len(table.columns))
            if table.rows:
                cursor.executemany(f"insert into {table.written} values ({marks})", table.rows)
    return SourceConfig(name="my", type="mariadb", dsn=dsn)


def _files(kind: str, folder: Path, truth: duckdb.DuckDBPyConnection, tables: tuple[Made, ...]) -> SourceConfig:
    """Each table a folder of that name, because a file's name ends at its first point."""
    for table in tables:
        place = folder / table.name
        place.mkdir(parents=True)
        if kind == "csvs":
            truth.execute(f"copy {table.written} to '{place}/a.csv' (header)").fetchall()
            continue
        rows = truth.sql(table.selected(kind)).to_arrow_table()
        pq.write_table(rows.slice(0, 5), place / "a.parquet")
        pq.write_table(rows.slice(5), place / "b.parquet")
    return SourceConfig(name=kind, type="files", path=folder)


def _delta(folder: Path, truth: duckdb.DuckDBPyConnection, tables: tuple[Made, ...]) -> SourceConfig:
    from deltalake import write_deltalake

    for table in tables:
        rows = truth.sql(table.selected("delta")).to_arrow_table()
        write_deltalake(folder / table.name, rows.slice(0, 5))
        if rows.num_rows > 5:
            write_deltalake(folder / table.name, rows.slice(5), mode="append")
    return SourceConfig(name="delta", type="delta", path=folder)


def _iceberg(folder: Path, truth: duckdb.DuckDBPyConnection, tables: tuple[Made, ...]) -> SourceConfig:
    from pyiceberg.catalog import load_catalog

    properties = {"type": "sql", "uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/iceberg"}
    catalog = load_catalog("iceberg", **properties)
    catalog.create_namespace("nasty")
    for table in tables:
        rows = truth.sql(table.selected("iceberg")).to_arrow_table()
        made = catalog.create_table(f"nasty.{table.name}", rows.schema)
        made.append(rows.slice(0, 5))
        if rows.num_rows > 5:
            made.append(rows.slice(5))
    return SourceConfig(name="iceberg", type="iceberg", catalog=properties)
