"""Rows of 50 KB leave by each door while the server's memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
import requests
from tests.server.postgres.conftest import listening
from tests.services.base import free_port
from tests.shop import Server, build, serving, write_shop

pytestmark = pytest.mark.long
WIDTH, ROWS = 50_000, 20_000
TEXT = f"select i, repeat(chr((65 + i % 26)::integer), {WIDTH}) as wide from range({ROWS}) t(i)"
MOST = 500 * 2**20
"""Bytes by which the server may grow at any time; the result has a gigabyte."""


def http(server: Server, postgres: int, flight: int, *, accept: str) -> int:
    size = 0
    with requests.post(
        f"{server.address}/api/sql",
        json={"text": TEXT, "no_cache": True},
        headers={"accept": accept},
        stream=True,
        timeout=300,
    ) as answer:
        for part in answer.iter_content(1 << 20):
            size += len(part)
    return size


def lines(server: Server, postgres: int, flight: int) -> int:
    return http(server, postgres, flight, accept="application/x-ndjson")


def csv(server: Server, postgres: int, flight: int) -> int:
    return http(server, postgres, flight, accept="text/csv")


def arrow(server: Server, postgres: int, flight: int) -> int:
    return http(server, postgres, flight, accept="application/vnd.apache.arrow.stream")


def by_postgres(server: Server, postgres: int, flight: int) -> int:
    with psycopg.connect(f"host=127.0.0.1 port={postgres} dbname=shop", autocommit=True) as connection:
        connection.execute("set lapwing.cache = off")
        with connection.cursor() as cursor:
            return sum(len(row[1]) for row in cursor.stream(TEXT.encode()))


def by_flight(server: Server, postgres: int, flight: int) -> int:
    import adbc_driver_flightsql.dbapi as adbc

    with (
        closing(adbc.connect(f"grpc://127.0.0.1:{flight}", autocommit=True)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(TEXT)
        return sum(batch.nbytes for batch in cursor.fetch_record_batch())


@pytest.mark.parametrize("door", [lines, csv, arrow, by_postgres, by_flight])
def test_memory_is_bounded(tmp_path: Path, door: Callable[[Server, int, int], int]) -> None:
    """A server of its own for each: the most that a process had is told of its whole life."""
    build(write_shop(tmp_path / "shop"))
    postgres, flight = free_port(), free_port()
    doors = ("--postgres", str(postgres), "--flight", str(flight))
    with serving(tmp_path / "shop", "--no-refresh", "--audit-seconds", "0", *doors) as server:
        listening(server, postgres)
        listening(server, flight)
        requests.post(f"{server.address}/api/sql", json={"text": "select 1"}, timeout=60)
        before = peak(server.process.pid)
        assert door(server, postgres, flight) >= WIDTH * ROWS
        grown = peak(server.process.pid) - before
        assert grown < MOST, f"{door.__name__}: {grown / 2**20:,.0f} MB more"


def peak(pid: int) -> int:
    """Bytes that a process, or the largest that it began, had at most."""
    found = 0
    for one in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread, or what it began, may end meanwhile
            found = max([found, *(peak(int(child)) for child in (one / "children").read_text().split())])
    (line,) = (one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmHWM"))
    return max(found, int(line.split()[1]) * 1024)
