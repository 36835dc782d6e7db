"""The services themselves: they start, they stop, and a missing one is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.services.base import MissingService, Service, cache_folder, free_port, running
from tests.services.bigtable import Bigtable
from tests.services.mariadb import PASSWORD, MariaDB
from tests.services.postgres import Postgres


def test_postgres_runs_and_stops(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_postgres_leaves_nothing_behind(postgres_dsn: str) -> None:
    """`postgres_dsn` first, so that a machine without it skips."""
    with running(Postgres) as service:
        folder, dsn = service.folder, service.dsn
        assert folder.exists()
    assert not folder.parent.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn, connect_timeout=2)


def ask_mariadb(dsn: str, statement: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    parts = urlsplit(dsn)
    return subprocess.run(
        [
            *(str(shutil.which("mariadb")), "--no-defaults", "--protocol=tcp", f"--host={parts.hostname}"),
            *(f"--port={parts.port}", f"--user={parts.username}", "--skip-column-names", parts.path.lstrip("/")),
        ],
        env={**os.environ, "MYSQL_PWD": password},
        input=statement,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


def test_mariadb_runs_and_knows_time_zones(mariadb_dsn: str) -> None:
    noon = ask_mariadb(mariadb_dsn, "select convert_tz('2025-07-01 12:00:00', 'UTC', 'Asia/Kathmandu'), database()")
    assert noon.stdout.split("\t") == ["2025-07-01 17:45:00", "test\n"], noon.stderr


def test_mariadb_checks_its_password(mariadb_dsn: str) -> None:
    assert "Access denied" in ask_mariadb(mariadb_dsn, "select 1", password="other").stderr


def test_mariadb_leaves_nothing_behind(mariadb_dsn: str) -> None:
    with running(MariaDB) as service:
        folder, dsn = service.folder, service.dsn
        assert ask_mariadb(dsn, "create database more; use more").returncode == 0
    assert not folder.parent.exists()
    assert ask_mariadb(dsn, "select 1").returncode


def test_bigtable_runs_and_begins_anew_at_the_same_address(bigtable_server: Bigtable) -> None:
    with running(Bigtable) as service:
        folder, address = service.folder, service.address
        assert address != bigtable_server.address
        first = service.process
        service.stop()
        assert first is not None
        assert first.poll() is not None
        service.start()
        assert service.process is not first
    assert not folder.parent.exists()


class Absent(Service):
    """A service that can't be had."""

    name = "absent"

    @classmethod
    def installed(cls) -> bool:
        return False

    @classmethod
    def install(cls) -> None:
        raise MissingService("absent is nowhere")

    def start(self) -> None:
        raise AssertionError("never reached")

    def ready(self) -> bool:
        return False

    def stop(self) -> None:
        return


def test_a_missing_service_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAPWING_TEST_CACHE", str(tmp_path / "cache"))
    with pytest.raises(MissingService, match="absent is nowhere"), running(Absent):
        raise AssertionError("never reached")
    assert cache_folder() == tmp_path / "cache"


def test_free_ports_are_free() -> None:
    assert 1024 < free_port() < 65536
