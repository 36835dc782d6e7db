"""The shop, built once and served to clients of PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from tests.services.base import free_port
from tests.shop import Server, build, serving, write_shop


@dataclass(frozen=True)
class Door:
    """A server with its Postgres door."""

    server: Server
    port: int

    @property
    def dsn(self) -> str:
        return f"postgresql://anna@127.0.0.1:{self.port}/shop"


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_shop(tmp_path_factory.mktemp("shop"))
    build(folder)
    return folder


@pytest.fixture(scope="session")
def door(shop_folder: Path) -> Iterator[Door]:
    port = free_port()
    with serving(shop_folder, "--no-refresh", "--audit-seconds", "0", "--postgres", str(port)) as server:
        yield Door(server, listening(server, port))


@pytest.fixture
def connection(door: Door) -> Iterator[psycopg.Connection]:
    with psycopg.connect(door.dsn, autocommit=True) as opened:
        yield opened


def listening(server: Server, port: int) -> int:
    """The port, once it is listened at: HTTP answers a moment earlier."""
    import socket
    import time

    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return port
    raise AssertionError(server.log.read_text())
