"""The services themselves: they start, they stop, and a missing one is told."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from tests.services.base import MissingService, Service, cache_folder, free_port, running
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
