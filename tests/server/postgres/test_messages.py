"""Whatever bytes come: a connection is answered or ended, others go on, and nothing unexpected happens inside."""

from __future__ import annotations

import random
import socket
import struct

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pygwire.messages import Bind, Close, Describe, Execute, Flush, Parse, Query, StartupMessage, Sync
from tests.server.postgres.conftest import Door

START = StartupMessage(params={"user": "anna", "database": "shop"}).to_wire()
TEXTS = (
    "select 1", "select $1::int", "select * from files.orders limit 3", "begin", "rollback", "select ", "show timezone",
    "set timezone = 'UTC'", "select 'x", "/*", ";;", "declare c cursor for select 1", "fetch 1 from c", "select $9999",
    "select nspname from pg_namespace where oid = $1", "select measure(orders) from metrics.orders", "explain select 1",
)  # fmt: skip


def answered(door: Door, data: bytes) -> bytes:
    """All that comes back until the server ends the connection, as it has to once nothing more is sent."""
    found = bytearray()
    with socket.create_connection(("127.0.0.1", door.port), 60) as link:
        try:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
            while part := link.recv(65_536):
                found += part
        except ConnectionError:
            pass  # it was ended with bytes unread
    return bytes(found)


def message(rng: random.Random) -> bytes:
    name, text = rng.choice(["", "a", "b"]), rng.choice(TEXTS)
    values = [rng.choice([None, b"", b"1", b"\0\0\0\7", rng.randbytes(9)]) for _ in range(rng.randrange(3))]
    kinds = [rng.choice([0, 16, 20, 23, 25, 1007, 1082, 1114, 1700, 2950, 99_999]) for _ in range(rng.randrange(3))]
    made = rng.choice(
        [
            Query(text), Parse(name, text, kinds), Sync(), Flush(), Execute(name, rng.randrange(4)),
            Bind(name, name, [rng.randrange(2) for _ in values], values, [rng.randrange(2)]),
            Describe(rng.choice("SPx"), name), Close(rng.choice("SP"), name),
        ]
    ).to_wire()  # fmt: skip
    return mangled(made, rng) if rng.random() < 0.4 else made


def mangled(data: bytes, rng: random.Random) -> bytes:
    """With other bytes here and there; the length stays right most of the time, so that what is inside is read."""
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        if len(changed) > 5 and rng.random() < 0.9:
            changed[rng.randrange(5, len(changed))] = rng.randrange(256)
        else:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def healthy(door: Door) -> None:
    with psycopg.connect(door.dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert "unexpected" not in door.server.log.read_text()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(started=st.booleans(), data=st.binary(max_size=200))
def test_any_bytes(door: Door, started: bool, data: bytes) -> None:
    found = answered(door, (START if started else b"") + data)
    assert found.startswith(b"R") or not started
    healthy(door)


@pytest.mark.parametrize("seed", range(3))
def test_mangled_messages(door: Door, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(6):
        assert answered(door, START + b"".join(message(rng) for _ in range(30))).startswith(b"R")
    healthy(door)


@pytest.mark.long
def test_a_hundred_thousand_messages(door: Door) -> None:
    """Three times as many are sent, as what follows one with a wrong length is not read."""
    rng = random.Random(20_241)
    for _ in range(6_000):
        assert answered(door, START + b"".join(message(rng) for _ in range(50))).startswith(b"R")
    healthy(door)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("!II", 2**31, 196_608),
        struct.pack("!II", 20_000, 196_608),
        START + b"Q" + struct.pack("!I", 2**30),
        START + b"Q" + struct.pack("!I", 3),
    ],
    ids=["long start", "start too long", "long message", "short message"],
)
def test_lengths_that_lie_are_refused(door: Door, data: bytes) -> None:
    assert b"08P01" in answered(door, data)
    healthy(door)
