"""What the routes ask: the project opened, its alerts, the running statements."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from anyio import CapacityLimiter
from starlette.requests import Request

from lapwing.alerts.delivery.service import Deliveries
from lapwing.alerts.service import Alerts
from lapwing.alerts.state import StateDatabase
from lapwing.model.problem import Problem
from lapwing.query.service import Lapwing
from lapwing.server.admission import PLACES
from lapwing.server.detached import Detached
from lapwing.server.kept import KeptAnswers
from lapwing.server.queries import Queries
from lapwing.server.query_log import QueryLog
from lapwing.server.refresher import Refresher
from lapwing.server.settings import Settings

PATIENCE = 2.0
"""Seconds that a page waits for monitors that are still being judged, before it shows what is known."""
STATEMENTS = PLACES
"""How many SQL statements run at once, each in a thread; `admission` tells whose turn is next."""
ANSWERS = 16
"""How many metric queries run at once. Both have threads of their own, so that neither keeps the other from answering, nor
anyone from cancelling."""


@dataclass(slots=True)
class Services:
    """One of each for a server. The state database is opened when alerts are first asked for, so that a damaged one
    hurts the board only. `trouble` is what keeps background work from being done now."""

    settings: Settings
    lapwing: Lapwing
    queries: Queries = field(init=False)
    query_log: QueryLog = field(init=False)
    statements: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(STATEMENTS))
    answers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(ANSWERS))
    kept: KeptAnswers = field(default_factory=KeptAnswers)
    refresher: Refresher = field(init=False)
    detached: Detached = field(init=False)
    trouble: tuple[Problem, ...] = ()
    _state: StateDatabase | None = None
    _alerts: Alerts | None = None
    _deliveries: Deliveries | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        project = self.lapwing.project
        self.query_log = QueryLog(project.state_path.parent, project.query_log)
        self.queries = Queries(note=self.query_log.note)
        self.refresher = Refresher(self.lapwing, self.queries.admission)
        self.detached = Detached(self.lapwing, self.queries)

    @classmethod
    def open(cls, settings: Settings) -> Services:
        """
        Raises:
            ModelError: the project's files are wrong.
        """
        return cls(settings, Lapwing.open(settings.root))

    @property
    def alerts(self) -> Alerts:
        with self._lock:
            if self._alerts is None:
                self._state = StateDatabase(self.lapwing.project.state_path)
                patience = PATIENCE if self.settings.background else None
                self._alerts = Alerts(self.lapwing, self._state, patience=patience)
            return self._alerts

    @property
    def deliveries(self) -> Deliveries:
        alerts = self.alerts
        with self._lock:
            if self._deliveries is None:
                assert self._state is not None
                self._deliveries = Deliveries(self.lapwing, alerts, self._state)
            return self._deliveries

    def close(self) -> None:
        """Stops what runs, then closes everything."""
        self.queries.cancel_all()
        self.refresher.stop()
        with self._lock:
            if self._alerts is not None:
                self._alerts.close()
            if self._state is not None:
                self._state.close()
        self.query_log.close()
        self.lapwing.close()


def services(request: Request) -> Services:
    """The server's services, for a route."""
    found = request.app.state.services
    assert isinstance(found, Services)
    return found
