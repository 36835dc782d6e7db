"""Writes the tables into the kinds of source that are files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from tests.consistency.made import Made

from lapwing.model.project import SourceConfig

# A column that folds letters' case; and one that takes a number's text for a number, where it is compared.
_SQLITE = {"w": "text collate nocase", "doc": "string"}


def _duckdb(folder: Path, truth: duckdb.DuckDBPyConnection, tables: tuple[Made, ...]) -> SourceConfig:
    path = folder / "own.duckdb"
    truth.execute(f"attach '{path}' as stored").fetchall()
    for table in tables:
        truth.execute(f"create table stored.{table.written} as from {table.written}").fetchall()
    truth.execute("detach stored").fetchall()
    return SourceConfig(name="own", type="duckdb", path=path)


def _sqlite(folder: Path, truth: duckdb.DuckDBPyConnection, tables: tuple[Made, ...]) -> SourceConfig:
    path = folder / "lite.db"
    with closing(sqlite3.connect(path)) as lite, lite:
        for table in tables:
            lite.execute(f"create table {table.written} ({table.definition({'VARCHAR': 'text'}, _SQLITE)})")
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


# Each table of files a folder of that name, because a file's name ends at its first point.


def _csv(folder: Path, truth: duckdb.DuckDBPyConnection, tables: tuple[Made, ...]) -> SourceConfig:
    for table in tables:
        place = folder / "csvs" / table.name
        place.mkdir(parents=True)
        truth.execute(f"copy {table.written} to '{place}/a.csv' (header)").fetchall()
    return SourceConfig(name="csvs", type="files", path=folder / "csvs")


def _parquet(folder: Path, truth: duckdb.DuckDBPyConnection, tables: tuple[Made, ...]) -> SourceConfig:
    for table in tables:
        place = folder / "parquet" / table.name
        place.mkdir(parents=True)
        rows = truth.sql(table.selected("parquet")).to_arrow_table()
        pq.write_table(rows.slice(0, 5), place / "a.parquet")
        pq.write_table(rows.slice(5), place / "b.parquet")
    return SourceConfig(name="parquet", type="files", path=folder / "parquet")


def _delta(folder: Path, truth: duckdb.DuckDBPyConnection, tables: tuple[Made, ...]) -> SourceConfig:
    from deltalake import write_deltalake

    for table in tables:
        rows = truth.sql(table.selected("delta")).to_arrow_table()
        write_deltalake(folder / "delta" / table.name, rows.slice(0, 5))
        if rows.num_rows > 5:
            write_deltalake(folder / "delta" / table.name, rows.slice(5), mode="append")
    return SourceConfig(name="delta", type="delta", path=folder / "delta")


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


STORED: Mapping[str, Callable[[Path, duckdb.DuckDBPyConnection, tuple[Made, ...]], SourceConfig]] = {
    "own": _duckdb,
    "lite": _sqlite,
    "parquet": _parquet,
    "csvs": _csv,
    "delta": _delta,
    "iceberg": _iceberg,
}
