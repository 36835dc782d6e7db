"""Trino as a contender: a real one, whose catalogs are the same databases and files."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from tests.services.base import cache_folder, locked, running
from tests.services.trino import VERSION, Trino

from benchmarks.federation.places import Peer, beside
from benchmarks.federation.workloads import Workload

_MAVEN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get"
_SCHEMAS = {"pg": "public", "more": "public", "files": "default"}
_TYPES = {"FLOAT": "REAL"}


def readable(workload: Workload) -> Workload:
    """The workload with SQLite's tables in a second database of PostgreSQL: Trino reads no SQLite."""
    return replace(workload, places={table: "more" if at == "lite" else at for table, at in workload.places.items()})


class TrinoWithFiles(Trino):
    """With the connector for files besides those that tests use."""

    @classmethod
    def plugins(cls) -> Path:
        return cache_folder() / f"trino-{VERSION}-with-files"

    @classmethod
    def installed(cls) -> bool:
        return super().installed() and cls.plugins().exists()

    @classmethod
    def install(cls) -> None:
        if not super().installed():
            super().install()
        with tempfile.TemporaryDirectory(dir=cache_folder()) as folder:
            made, local = Path(folder, "made"), Path(folder, "repository")
            made.mkdir()
            for plugin in super().plugins().iterdir():
                (made / plugin.name).symlink_to(plugin)
            wanted = [f"-Dartifact=io.trino:trino-hive:{VERSION}:zip", "-Dtransitive=false"]
            subprocess.run(["mvn", "-q", "-B", _MAVEN, *wanted, f"-Dmaven.repo.local={local}"], check=True)
            (archive,) = local.rglob(f"trino-hive-{VERSION}.zip")
            with zipfile.ZipFile(archive) as opened:
                opened.extractall(folder)
            shutil.move(Path(folder, f"trino-hive-{VERSION}"), made / "hive")
            made.rename(cls.plugins())


class TrinoPeer:
    """Runs the workload's statements in Trino's words; catalogs are called as places are."""

    def __init__(self, server: Trino, workload: Workload) -> None:
        import trino

        parts = urlsplit(server.url)
        self._connection = trino.dbapi.connect(host=str(parts.hostname), port=int(parts.port or 0), user="benchmark")
        self._workload = workload

    def ask(self, text: str) -> tuple[float, pa.Table]:
        """Milliseconds until all rows are here, and these.

        Raises:
            ValueError: Trino does not run it.
        """
        import trino

        sql = self._workload.placed(text, _SCHEMAS, "trino")
        start = time.perf_counter()
        try:
            cursor = self._connection.cursor()
            cursor.execute(sql)
            rows = cursor.fetchall()
        except trino.exceptions.TrinoQueryError as error:
            raise ValueError(str(error.message)) from error
        taken = (time.perf_counter() - start) * 1e3
        names = [column[0] for column in cursor.description or ()]
        columns = [pa.array([row[index] for row in rows]) for index in range(len(names))]
        return taken, pa.Table.from_arrays(columns, names)


@contextmanager
def trino_peer(root: Path, dsn: str, workload: Workload, peer: Peer) -> Iterator[TrinoPeer]:
    """Trino over what `places.load` has put into its places."""
    with locked("trino-files"):
        if not TrinoWithFiles.installed():
            TrinoWithFiles.install()
    with running(TrinoWithFiles) as server:
        server.postgres_catalog("pg", dsn)
        server.postgres_catalog("more", beside(dsn))
        server.catalog("files", "hive", _hive(root))
        server.ask("CREATE SCHEMA files.default")
        for table in workload.at("files"):
            described = peer.columns_of(f"files.{table}")
            columns = ", ".join(f'"{one["column_name"]}" {_type(one)}' for one in described)
            placed = f"external_location = 'local:///files/{table}', format = 'PARQUET'"
            server.ask(f"CREATE TABLE files.default.{table} ({columns}) WITH ({placed})")
            server.ask(f"ANALYZE files.default.{table}")
        yield TrinoPeer(server, workload)


def _hive(root: Path) -> dict[str, str]:
    return {
        "hive.metastore": "file",
        "hive.metastore.catalog.dir": "local:///metastore",
        "fs.native-local.enabled": "true",
        "local.location": str(root),
        "hive.security": "allow-all",
    }


def _type(column: Mapping[str, Any]) -> str:
    return _TYPES.get(column["column_type"], str(column["column_type"]))
