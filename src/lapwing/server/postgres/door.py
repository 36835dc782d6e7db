"""Listens for clients of PostgreSQL, each in a thread of its own."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress

import structlog
from pygwire.messages import BackendKeyData, CancelRequest, ParameterStatus, StartupMessage

from lapwing.model.failing import Caught
from lapwing.model.problem import Cancelled, Conflict, LapwingError
from lapwing.server.postgres.backends import Backend
from lapwing.server.postgres.desk import Desk
from lapwing.server.postgres.errors import response
from lapwing.server.postgres.gone import Gone
from lapwing.server.postgres.login import Login
from lapwing.server.postgres.session import Session
from lapwing.server.postgres.settings import REPORTED, Settings
from lapwing.server.postgres.wire import Left, Wire
from lapwing.server.unforeseen import known

MOST = 400
"""Connections at once."""
_log = structlog.get_logger("lapwing.server")


class PostgresDoor:
    """`start` listens, `stop` ends every connection. `port` 0 takes any free one."""

    def __init__(
        self, desk: Desk, *, host: str, port: int, token: str | None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._desk = desk
        self._address = (host.strip("[]"), port)
        self._login = Login(token, tls)
        self._backends = desk.backends
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
        for backend in self._backends.all():
            backend.wire.hang_up()
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
        backend, count = self._backends.add(Wire(link))
        with Caught() as caught:
            self._client(backend, full=count > MOST)
        error = caught.error
        if isinstance(error, Left):
            error = Cancelled.of("terminated", "The connection was ended by another one.") if backend.ended else None
        if error is not None:
            _tell(backend.wire, known(error, door="postgres"))
        self._backends.remove(backend)
        backend.wire.close()

    def _client(self, backend: Backend, *, full: bool) -> None:
        wire = backend.wire
        asked = self._login.begin(wire)
        if isinstance(asked, CancelRequest):  # of a key that is wrong nothing is told, not even that
            self._backends.cancel(asked.process_id, asked.secret_key)
            return
        if full:
            says = f"There are {MOST} connections already."
            raise Conflict.of("too-many-connections", says, hint="Close some, or use a pool.")
        self._login.check(wire, asked)
        settings = backend.settings = self._settings(asked, backend.number)
        for name in REPORTED:
            wire.write(ParameterStatus(name, settings.get(name) or ""))
        wire.write(BackendKeyData(backend.number, backend.key))

        def begun(query: str) -> None:
            backend.query = query

        with self._gone.watching(wire.fileno(), lambda: self._backends.abandon(backend)):
            Session(self._desk, wire, settings, begun).run()

    def _settings(self, asked: StartupMessage, number: int) -> Settings:
        user = asked.params.get("user") or "lapwing"
        settings = Settings(self._desk.lapwing.project.timezone, user, number)
        for name, value in asked.params.items():
            if name not in ("user", "database", "options", "replication") and not name.startswith("_pq_."):
                settings.starts_with(name, value)
        for option in asked.params.get("options", "").replace("-c ", "-c").split():
            name, _, value = option.removeprefix("-c").removeprefix("--").partition("=")
            if value:
                settings.starts_with(name.replace("-", "_"), value)
        return settings


def _tell(wire: Wire, error: LapwingError) -> None:
    """The last that it hears, if it still listens."""
    with suppress(Left):
        wire.write(response(error, severity="FATAL"))
        wire.flush()
