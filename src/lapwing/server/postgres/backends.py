"""Who is connected, by the number that PostgreSQL's clients call a backend's pid: to be looked at, cancelled and ended."""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lapwing.model.problem import LapwingError
from lapwing.server.postgres.settings import Settings
from lapwing.server.postgres.wire import Wire
from lapwing.server.queries import Queries


@dataclass(slots=True, eq=False)
class Backend:
    """One connection: what cancels it, and the query that it runs (or ran last). `ended`: it was told to go."""

    number: int
    wire: Wire
    key: bytes = field(default_factory=lambda: secrets.token_bytes(4))
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    settings: Settings | None = None
    query: str | None = None
    ended: bool = False


class Backends:
    """Safe from several threads."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._all: dict[int, Backend] = {}
        self._last = 0
        self._lock = threading.Lock()

    def add(self, wire: Wire) -> tuple[Backend, int]:
        """A new one, and how many there are now."""
        with self._lock:
            self._last += 1
            backend = self._all[self._last] = Backend(self._last, wire)
            return backend, len(self._all)

    def remove(self, backend: Backend) -> None:
        with self._lock:
            self._all.pop(backend.number, None)

    def all(self) -> list[Backend]:
        with self._lock:
            return list(self._all.values())

    def cancel(self, number: int, key: bytes | None = None) -> bool:
        """Stops what it runs; whether there is such a one. A `key`, where one is given, has to be its own."""
        with self._lock:
            backend = self._all.get(number)
        if backend is None or (key is not None and not secrets.compare_digest(backend.key, key)):
            return False
        self.abandon(backend)
        return True

    def terminate(self, number: int) -> bool:
        """Stops what it runs and lets it go; whether there is such a one."""
        with self._lock:
            backend = self._all.get(number)
        if backend is None:
            return False
        backend.ended = True
        self.abandon(backend)
        backend.wire.listen_no_more()
        return True

    def abandon(self, backend: Backend) -> None:
        """Nobody wants what it runs."""
        if backend.query is not None:
            with suppress(LapwingError):
                self._queries.cancel(backend.query)

    def activity(self, database: str) -> list[dict[str, Any]]:
        """The rows of pg_stat_activity. Statements about the catalogs alone are over in a moment, and are not told of."""
        return [self._row(one, one.settings, database) for one in self.all() if one.settings is not None]

    def _row(self, one: Backend, settings: Settings, database: str) -> dict[str, Any]:
        query = None
        if one.query is not None:
            with suppress(LapwingError):
                query = self._queries.get(one.query)
        active = query is not None and query.state == "running"
        return {
            "datname": database, "pid": one.number, "usename": settings.get("session_authorization"),
            "application_name": settings.get("application_name"), "state": "active" if active else "idle",
            "query": "" if query is None else query.text, "query_start": None if query is None else query.began,
            "backend_start": one.began, "backend_type": "client backend",
        }  # fmt: skip
