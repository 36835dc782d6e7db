"""Where each table of TPC-H lives, and how it is put there: made by DuckDB's generator, loaded by each database's own way."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import sqlglot
from sqlglot import exp
from tests.services.base import cache_folder, locked

VERSION = "1.5.5"
"""The newest DuckDB whose scanners come as packages."""
PACKAGES = ("duckdb", "duckdb-extension-tpch", "duckdb-extension-postgres-scanner", "duckdb-extension-sqlite-scanner")
PLACES = {
    **dict.fromkeys(("lineitem", "orders"), "pg"),
    **dict.fromkeys(("customer", "part", "partsupp"), "lite"),
    **dict.fromkeys(("supplier", "nation", "region"), "files"),
}
KEYS = {
    "lineitem": ("l_orderkey",),
    "orders": ("o_orderkey",),
    "customer": ("c_custkey",),
    "part": ("p_partkey",),
    "partsupp": ("ps_partkey", "ps_suppkey"),
}
PROJECT = """
name: federation
timezone: UTC
sources:
  pg: {type: postgres, dsn: "${FEDERATION_DSN}"}
  lite: {type: sqlite, path: lite.db}
  files: {type: files, path: files}
"""


class Peer:
    """DuckDB of another version, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, sql: str, out: Path | None = None) -> Mapping[str, Any]:
        """Runs a statement; `ms` and `rows` of it, or `error`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"sql": sql} | ({"out": str(out)} if out else {})), file=self._process.stdin, flush=True)
        return dict(json.loads(self._process.stdout.readline()))

    def run(self, sql: str) -> None:
        """Runs a statement that must work."""
        answer = self.ask(sql)
        if "error" in answer:
            raise SystemExit(f"DuckDB {VERSION}: {answer['error']}")

    def table(self, sql: str, file: Path) -> pa.Table:
        """A statement's rows."""
        answer = self.ask(sql, file)
        if "error" in answer:
            raise SystemExit(f"DuckDB {VERSION}: {answer['error']}")
        with pa.memory_map(str(file)) as source:
            return pa.ipc.open_file(source).read_all()


@contextmanager
def peer() -> Iterator[Peer]:
    """DuckDB with its scanners, installed once beside the tests' other services."""
    home = cache_folder() / f"duckdb-{VERSION}"
    python = home / "bin" / "python"
    with locked("duckdb"):
        if not python.exists():
            uv = str(Path(sys.executable).parent / "uv")
            subprocess.run([uv, "venv", "-q", str(home)], check=True)
            wanted = [f"{package}=={VERSION}" for package in PACKAGES]
            subprocess.run([uv, "pip", "install", "-q", "--python", str(python), *wanted, "pyarrow"], check=True)
    program = [str(python), str(Path(__file__).parent / "peer.py")]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Peer(process)
        finally:
            process.kill()


def load(root: Path, dsn: str, scale: float, peer: Peer) -> Mapping[int, str]:
    """Makes the tables, puts them into their places below `root`, and gives the statements by their numbers, tables under
    the names of their sources, which are the same for both."""
    peer.run(f"call dbgen(sf = {scale})")
    peer.run(f"attach '{root}/local.duckdb' as local")
    for table in PLACES:
        peer.run(f"create table local.{table} as from memory.{table}")
    peer.run(f"attach '{dsn}' as pg (type postgres)")
    for table in _at("pg"):
        peer.run(f"create table pg.{table} as from memory.{table}")
    with psycopg.connect(dsn, autocommit=True) as connection:
        for table in _at("pg"):
            connection.execute(f"create index on {table} ({', '.join(KEYS[table])})".encode())
        connection.execute("vacuum analyze")
    (root / "files").mkdir()
    peer.run("attach ':memory:' as files")
    for table in _at("files"):
        peer.run(f"copy memory.{table} to '{root}/files/{table}.parquet'")
        peer.run(f"create view files.{table} as from '{root}/files/{table}.parquet'")
    with sqlite3.connect(root / "lite.db") as lite:
        for table in _at("lite"):
            _into_sqlite(lite, table, peer, root)
        lite.execute("analyze")
    peer.run(f"attach '{root}/lite.db' as lite (type sqlite, read_only)")
    queries = peer.table("select query_nr, query from tpch_queries()", root / "queries.arrow").to_pylist()
    for table in PLACES:
        peer.run(f"drop table memory.{table}")
    os.environ["FEDERATION_DSN"] = dsn
    (root / "lapwing.yaml").write_text(PROJECT)
    return {int(row["query_nr"]): str(row["query"]) for row in queries}


def placed(text: str, places: Mapping[str, str] = PLACES) -> str:
    """A statement with each table under the name of its place."""
    tree = sqlglot.parse_one(text, read="duckdb")
    made = {one.alias for one in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if table.name in places and table.name not in made:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("db", exp.to_identifier(places[table.name]))
    return tree.sql("duckdb")


def _at(place: str) -> list[str]:
    return [table for table, where in PLACES.items() if where == place]


def _into_sqlite(lite: sqlite3.Connection, table: str, peer: Peer, root: Path) -> None:
    """By SQLite's own driver, since the scanner makes texts of decimals."""
    described = peer.table(f"describe memory.{table}", root / "describe.arrow").to_pylist()
    shown = ", ".join(
        f"{one['column_name']}::double" if one["column_type"].startswith("DECIMAL") else one["column_name"]
        for one in described
    )
    declared = ", ".join("{column_name} {column_type}".format(**one) for one in described)
    lite.execute(f"create table {table} ({declared})")
    rows = peer.table(f"select {shown} from memory.{table}", root / "rows.arrow")
    marks = ", ".join("?" * len(described))
    for batch in rows.to_batches(max_chunksize=50_000):
        columns = [column.to_pylist() for column in batch.columns]
        lite.executemany(f"insert into {table} values ({marks})", zip(*columns, strict=True))
    lite.execute(f"create index {table}_key on {table} ({', '.join(KEYS[table])})")
