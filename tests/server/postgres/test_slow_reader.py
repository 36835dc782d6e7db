"""A client that takes its rows slowly, or not at all, holds its statement back; the server's memory stays bounded."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import requests
from tests.server.postgres.conftest import Door

WIDTH = 1_000
ENDLESS = f"select repeat('x', {WIDTH}) || i::varchar as held_back from range(1000000000000) t(i)"
MOST = 96 * 2**20
"""Bytes by which the server may grow: some batches of the engine, one on its way, and the sockets' buffers."""


def memory(pid: int) -> int:
    """Bytes that a process and those it began have in memory."""
    found = 0
    for one in Path(f"/proc/{pid}/task").iterdir():
        found += sum(memory(int(child)) for child in (one / "children").read_text().split())
    (resident,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return found + int(resident.split()[1]) * 1024


def sent(door: Door) -> int:
    """Rows of the statement that runs, once they do not grow."""
    last, same, pause = -1, 0, threading.Event()
    for _ in range(600):
        listed = requests.get(f"{door.server.address}/api/queries", timeout=10).json()["queries"]
        rows = next((one["rows"] for one in listed if "held_back" in one["text"] and one["state"] == "running"), 0)
        same = same + 1 if rows and rows == last else 0
        if same == 10:
            return int(rows)
        last = rows
        pause.wait(0.05)
    raise AssertionError(f"{last} rows, and still more")


@pytest.mark.parametrize("text", [ENDLESS, f"copy ({ENDLESS}) to stdout"], ids=["rows", "copy"])
def test_one_that_takes_no_rows_is_waited_for(door: Door, text: str) -> None:
    with closing(psycopg.connect(door.dsn, autocommit=True)) as connection:  # left amid its rows
        connection.execute(f"select repeat('x', {WIDTH}) || i::varchar from range(20000) t(i)").fetchall()
        before = memory(door.server.process.pid)
        connection.pgconn.send_query(text.encode())
        connection.pgconn.flush()
        rows = sent(door)
        grown = memory(door.server.process.pid) - before
        assert rows * WIDTH < MOST
        assert grown < MOST
        assert sent(door) == rows
    with psycopg.connect(door.dsn, autocommit=True) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
