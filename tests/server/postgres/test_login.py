"""Who may come in: the token by SCRAM, certificates, cancel keys, and clients that never say who they are."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import psycopg
import pytest
from pygwire.messages import StartupMessage
from tests.server.certificate import certificate
from tests.server.postgres.conftest import Door, listening
from tests.services.base import free_port
from tests.shop import serving

from lapwing.server.postgres.login import Login
from lapwing.server.postgres.wire import Left, Wire

TOKEN = "a-long-token-4711"


@pytest.fixture(scope="module", name="certificate")
def _certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def guarded(shop_folder: Path, certificate: tuple[Path, Path]) -> Iterator[Door]:
    """A server with a token and a certificate."""
    port, (found, key) = free_port(), certificate
    files = ("--postgres-certificate", str(found), "--postgres-key", str(key))
    arguments = ("--no-refresh", "--audit-seconds", "0", "--token", TOKEN, "--postgres", str(port), *files)
    with serving(shop_folder, *arguments) as server:
        yield Door(server, listening(server, port))


@pytest.mark.parametrize("mode", ["disable", "require"])
def test_the_token_is_the_password(guarded: Door, mode: str) -> None:
    with psycopg.connect(guarded.dsn, password=TOKEN, sslmode=mode) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
        assert connection.pgconn.ssl_in_use is (mode == "require")


def test_the_certificate_is_the_one_given(guarded: Door, certificate: tuple[Path, Path]) -> None:
    root = str(certificate[0])
    with psycopg.connect(guarded.dsn, password=TOKEN, sslmode="verify-full", sslrootcert=root) as connection:
        assert connection.execute("select count(*) from range(100000)").fetchone() == (100_000,)


@pytest.mark.parametrize("password", ["wrong-token-0815", "x"])
def test_another_password_is_refused(guarded: Door, password: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="This server asks for its token"):
        psycopg.connect(guarded.dsn, password=password)


def test_without_a_certificate_nothing_is_encrypted(door: Door) -> None:
    with pytest.raises(psycopg.OperationalError, match="server does not support SSL"):
        psycopg.connect(door.dsn, sslmode="require")


def test_a_wrong_key_cancels_nothing(door: Door, connection: psycopg.Connection) -> None:
    with socket.create_connection(("127.0.0.1", door.port), 10) as link:
        link.sendall(struct.pack("!IIII", 16, 80_877_102, connection.info.backend_pid, 0))
        assert link.recv(100) == b""
    assert connection.execute("select 1").fetchone() == (1,)


def test_two_hundred_clients_at_once(door: Door) -> None:
    with ExitStack() as stack:
        opened = [stack.enter_context(psycopg.connect(door.dsn, autocommit=True)) for _ in range(200)]
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", door.port), 10)) for _ in range(20)]
        for number, connection in enumerate(opened):
            connection.pgconn.send_query(f"select {number}".encode())
        found = []
        for connection in opened:
            result = connection.pgconn.get_result()
            assert result is not None
            found.append(int(result.get_value(0, 0) or b"-1"))
            connection.pgconn.get_result()
        assert found == list(range(200))
        assert all(link.fileno() > 0 for link in silent)


def _silent(link: socket.socket, stop: threading.Event) -> None:
    """Says nothing."""


def _dripping(link: socket.socket, stop: threading.Event) -> None:
    """Begins well, and goes on byte by byte for longer than there is time."""
    for byte in StartupMessage(params={"user": "a" * 40}).to_wire():
        if not stop.wait(0.02):
            link.send(bytes([byte]))


def _asking(link: socket.socket, stop: threading.Event) -> None:
    """Asks for encryption over and over, and comes in at last."""
    for _ in range(50):
        if not stop.wait(0.02):
            link.send(struct.pack("!II", 8, 80_877_103))
    link.send(StartupMessage(params={"user": "a"}).to_wire())


def _stopping(link: socket.socket, stop: threading.Event) -> None:
    """Comes as far as being asked for the token."""
    link.send(StartupMessage(params={"user": "a"}).to_wire())


@pytest.mark.parametrize("client", [_silent, _dripping, _asking, _stopping])
def test_who_does_not_come_in_within_the_time_is_let_go(
    client: Callable[[socket.socket, threading.Event], None],
) -> None:
    ours, theirs = socket.socketpair()
    stop = threading.Event()
    with ours, theirs:
        sending = threading.Thread(target=client, args=(theirs, stop))
        sending.start()
        login, wire = Login(token=TOKEN, seconds=0.3), Wire(ours)
        try:
            with pytest.raises(Left):
                login.check(wire, cast("StartupMessage", login.begin(wire)))
        finally:
            stop.set()
            sending.join()


def test_who_came_in_may_be_silent_for_as_long_as_they_like() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        login, wire = Login(seconds=0.3), Wire(ours)
        _stopping(theirs, threading.Event())
        login.check(wire, cast("StartupMessage", login.begin(wire)))
        assert wire.until is None
