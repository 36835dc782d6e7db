"""How tables are put into their places: made by DuckDB's generators, loaded by each database's own way."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pyarrow as pa
from tests.services.base import cache_folder, locked

from benchmarks.federation.workloads import Workload

VERSION = "1.5.5"
"""The newest DuckDB whose scanners come as packages."""
_EXTENSIONS = ("tpch", "tpcds", "postgres-scanner", "sqlite-scanner")
PROJECT = """
name: federation
timezone: UTC
sources:
  pg: {type: postgres, dsn: "${FEDERATION_DSN}"}
  files: {type: files, path: files}
"""
LITE = "  lite: {type: sqlite, path: lite.db}\n"
MORE = '  more: {type: postgres, dsn: "${FEDERATION_MORE}"}\n'


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

    def columns_of(self, table: str) -> list[dict[str, str]]:
        """Names and types of a table: `column_name`, `column_type`."""
        with tempfile.NamedTemporaryFile(suffix=".arrow") as file:
            return list(self.table(f"describe {table}", Path(file.name)).to_pylist())


@contextmanager
def peer() -> Iterator[Peer]:
    """DuckDB with its scanners, installed once beside the tests' other services."""
    home = cache_folder() / f"duckdb-{VERSION}"
    python = home / "bin" / "python"
    with locked("duckdb"):
        extensions = [f"duckdb-extension-{name}" for name in _EXTENSIONS]
        uv = str(Path(sys.executable).parent / "uv")
        if not python.exists():
            subprocess.run([uv, "venv", "-q", str(home)], check=True)
        there = {path.name.partition("-")[0].replace("_", "-") for path in home.glob("lib/*/site-packages/*.dist-info")}
        if not there.issuperset(extensions):
            wanted = [f"{package}=={VERSION}" for package in ("duckdb", *extensions)]
            subprocess.run([uv, "pip", "install", "-q", "--python", str(python), *wanted, "pyarrow"], check=True)
    program = [str(python), str(Path(__file__).parent / "peer.py")]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Peer(process)
        finally:
            process.kill()


def load(root: Path, dsn: str, workload: Workload, scale: float, peer: Peer) -> Mapping[int, str]:
    """Makes the tables, puts them into their places below `root`, and gives the statements by their numbers. Tables have the
    names of their places for Lapwing and DuckDB alike. `dsn` is of a PostgreSQL that is empty yet."""
    peer.run(workload.make.format(scale))
    peer.run(f"attach '{root}/local.duckdb' as local")
    for table in workload.places:
        peer.run(f"create table local.{table} as from memory.{table}")
    _into_postgres("pg", dsn, workload, peer)
    (root / "files").mkdir()
    peer.run("attach ':memory:' as files")
    for table in workload.at("files"):
        (root / "files" / table).mkdir()
        file = root / "files" / table / "rows.parquet"
        peer.run(f"copy memory.{table} to '{file}'")
        peer.run(f"create view files.{table} as from '{file}'")
    if workload.at("lite"):
        with sqlite3.connect(root / "lite.db") as lite:
            for table in workload.at("lite"):
                _into_sqlite(lite, table, workload, peer, root)
            lite.execute("analyze")
        peer.run(f"attach '{root}/lite.db' as lite (type sqlite, read_only)")
    if workload.at("more"):
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("create database more")
        _into_postgres("more", beside(dsn), workload, peer)
    queries = peer.table(workload.queries, root / "queries.arrow").to_pylist()
    for table in workload.places:
        peer.run(f"drop table memory.{table}")
    os.environ["FEDERATION_DSN"], os.environ["FEDERATION_MORE"] = dsn, beside(dsn)
    second = MORE if workload.at("more") else LITE
    (root / "lapwing.yaml").write_text(PROJECT + second)
    return {int(row["query_nr"]): str(row["query"]) for row in queries}


def beside(dsn: str) -> str:
    """The address of the second database of a PostgreSQL."""
    return urlsplit(dsn)._replace(path="/more").geturl()


def _into_postgres(place: str, dsn: str, workload: Workload, peer: Peer) -> None:
    peer.run(f"attach '{dsn}' as {place} (type postgres)")
    with psycopg.connect(dsn, autocommit=True) as connection:
        for table in workload.at(place):
            peer.run(f"create table {place}.{table} as from memory.{table}")
            connection.execute(f"create index on {table} ({_key(table, workload, peer)})".encode())
        connection.execute("vacuum analyze")


def _key(table: str, workload: Workload, peer: Peer) -> str:
    """The columns of its index."""
    return ", ".join(workload.keys.get(table) or [peer.columns_of(f"memory.{table}")[0]["column_name"]])


def _into_sqlite(lite: sqlite3.Connection, table: str, workload: Workload, peer: Peer, root: Path) -> None:
    """By SQLite's own driver, since the scanner makes texts of decimals."""
    described = peer.columns_of(f"memory.{table}")
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
    lite.execute(f"create index {table}_key on {table} ({_key(table, workload, peer)})")
