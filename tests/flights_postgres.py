"""The flights example as many have it: flights, airlines and airports in PostgreSQL, the weather in a DuckDB file."""

from __future__ import annotations

import re
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.csv as csv
import pytest

from lapwing.query.service import Lapwing

KINDS = {"TIMESTAMP WITH TIME ZONE": "timestamptz", "DOUBLE": "double precision"}


@pytest.fixture(scope="session")
def flights_postgres(
    flights_project: Path, postgres_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lapwing]:
    """The example with the source `airline` in PostgreSQL and its dataset over `airline.flights`; nothing is built."""
    schema = f"flights_{uuid.uuid4().hex[:8]}"
    load(flights_project / "data", postgres_dsn, schema)
    folder = tmp_path_factory.mktemp("variant") / "flights"
    shutil.copytree(flights_project, folder, ignore=shutil.ignore_patterns(".lapwing", "airline.db", "data"))
    shutil.copytree(flights_project / "data", folder / "data", ignore=shutil.ignore_patterns("airline.db"))
    source = f"airline: {{type: postgres, dsn: '${{AIRLINE_DSN}}', schemas: [{schema}]}}"
    rewrite(folder / "lapwing.yaml", r"airline: \{.*\}", source)
    rewrite(folder / "datasets" / "flights.yaml", r"table: files\.flights", "table: airline.flights")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRLINE_DSN", postgres_dsn)
        with Lapwing.open(folder) as lapwing:
            yield lapwing


def load(data: Path, dsn: str, schema: str) -> None:
    """Copies the example's tables into a new schema."""
    with duckdb.connect() as engine, psycopg.connect(dsn, autocommit=True) as server:
        server.execute(f"create schema {schema}")
        tables = {"flights": f"from '{data}/flights/*.parquet'", **plain_tables(engine, data)}
        for name, text in tables.items():
            kinds = engine.sql(f"describe {text}").fetchall()
            columns = ", ".join(f"{column} {KINDS.get(kind, kind)}" for column, kind, *_ in kinds)
            server.execute(f"create table {schema}.{name} ({columns})")
            with server.cursor().copy(f"copy {schema}.{name} from stdin with (format csv)") as copy:
                for batch in engine.sql(text).to_arrow_reader(50_000):
                    out = pa.BufferOutputStream()
                    csv.write_csv(batch, out, csv.WriteOptions(include_header=False))
                    copy.write(out.getvalue().to_pybytes())
        server.execute("analyze")


def plain_tables(engine: duckdb.DuckDBPyConnection, data: Path) -> dict[str, str]:
    """The SQLite file's tables as tables of `engine`; the SELECT for each."""

    with sqlite3.connect(data / "airline.db") as db:
        airlines = db.execute("select carrier, name from airlines").fetchall()
        airports = db.execute("select faa, name, lat, lon, alt, tzone from airports").fetchall()
    db.close()
    engine.execute("create table airlines (carrier varchar, name varchar)").fetchall()
    engine.execute(
        "create table airports (faa varchar, name varchar, lat double, lon double, alt bigint, tzone varchar)"
    )
    engine.executemany("insert into airlines values (?, ?)", airlines)
    engine.executemany("insert into airports values (?, ?, ?, ?, ?, ?)", airports)
    return {"airlines": "from airlines", "airports": "from airports"}


def rewrite(path: Path, pattern: str, text: str) -> None:
    """Replaces the one place in the file that matches."""
    changed, count = re.subn(pattern, text, path.read_text())
    assert count == 1, pattern
    path.write_text(changed)
