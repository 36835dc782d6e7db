"""Listens for clients of PostgreSQL, each in a thread of its own."""

from __future__ import annotations

import itertools
import secrets
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from pygwire.messages import BackendKeyData, CancelRequest, ParameterStatus, StartupMessage

from lapwing.model.problem import Conflict, LapwingError
from lapwing.server.postgres.desk import Desk
from lapwing.server.postgres.errors import response
from lapwing.server.postgres.gone import Gone
from lapwing.server.postgres.login import Login
from lapwing.server.postgres.session import Session
from lapwing.server.postgres.settings import REPORTED, Settings
from lapwing.server.postgres.wire import Left, Wire

MOST = 400
"""Connections at once."""
_log = structlog.get_logger("lapwing.server")


@dataclass(slots=True, eq=False)
class _Client:
    """One connection: what cancels it, and the query that it runs (or ran last)."""

    number: int
    wire: Wire
    key: bytes = field(default_factory=lambda: secrets.token_bytes(4))
    query: str | None = None


class PostgresDoor:
    """`start` listens, `stop` ends every connection. `port` 0 takes any free one."""

    def __init__(
        self, desk: Desk, *, host: str, port: int, token: str | None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._desk = desk
        self._address = (host.strip("[]"), port)
        self._login = Login(token, tls)
        self._clients: dict[int, _Client] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._listening: socket.socket | None = None
        self._gone = Gone()
        self._stopping = False

    @property
    def port(self) -> int:
        assert self._listening is not None
        return int(self._listening.getsockname()[1])

    def start(self) -> None:
        """
        Raises:
            OSError: it can't listen there.
        """
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        listening = socket.create_server(self._address, family=family, backlog=256)
        self._listening = listening
        threading.Thread(target=self._accept, args=(listening,), name="lapwing-postgres", daemon=True).start()

    def stop(self) -> None:
        """Ends at once; statements that run are cancelled by whoever stops the server."""
        self._stopping = True
        if self._listening is not None:
            with suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
        with self._lock:
            clients = list(self._clients.values())
        for client in clients:
            client.wire.hang_up()
        self._gone.stop()
        self._desk.catalogs.close()

    def _accept(self, listening: socket.socket) -> None:
        while not self._stopping:
            try:
                link, _ = listening.accept()
            except OSError:
                if self._stopping:
                    return
                continue
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            threading.Thread(target=self._serve, args=(link,), name="lapwing-postgres-client", daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        client = _Client(next(self._numbers), Wire(link))
        try:
            with self._lock:
                self._clients[client.number] = client
                full = len(self._clients) > MOST
            self._client(client, full)
        except Left:
            pass  # nobody to tell
        except LapwingError as error:
            with suppress(Left):
                client.wire.write(response(error, severity="FATAL"))
                client.wire.flush()
        except Exception as error:  # noqa: BLE001 - one connection must not end others
            _log.error("unexpected", door="postgres", error=type(error).__name__, exc_info=error)
        finally:
            with self._lock:
                self._clients.pop(client.number, None)
            client.wire.close()

    def _client(self, client: _Client, full: bool) -> None:
        wire = client.wire
        asked = self._login.begin(wire)
        if isinstance(asked, CancelRequest):
            self._cancel(asked)
            return
        if full:
            says = f"There are {MOST} connections already."
            raise Conflict.of("too-many-connections", says, hint="Close some, or use a pool.")
        self._login.check(wire, asked)
        settings = self._settings(asked)
        for name in REPORTED:
            wire.write(ParameterStatus(name, settings.get(name) or ""))
        wire.write(BackendKeyData(client.number, client.key))

        def begun(query: str) -> None:
            client.query = query

        with self._gone.watching(wire.fileno(), lambda: self._abandon(client)):
            Session(self._desk, wire, settings, begun).run()

    def _settings(self, asked: StartupMessage) -> Settings:
        user = asked.params.get("user") or "lapwing"
        settings = Settings(self._desk.lapwing.project.timezone, user)
        for name, value in asked.params.items():
            if name not in ("user", "database", "options", "replication") and not name.startswith("_pq_."):
                settings.starts_with(name, value)
        for option in asked.params.get("options", "").replace("-c ", "-c").split():
            name, _, value = option.removeprefix("-c").removeprefix("--").partition("=")
            if value:
                settings.starts_with(name.replace("-", "_"), value)
        return settings

    def _cancel(self, asked: CancelRequest) -> None:
        """Of a key that is wrong nothing is told, not even that."""
        with self._lock:
            client = self._clients.get(asked.process_id)
        if client is not None and secrets.compare_digest(client.key, asked.secret_key):
            self._abandon(client)

    def _abandon(self, client: _Client) -> None:
        if client.query is not None:
            with suppress(LapwingError):
                self._desk.queries.cancel(client.query)
