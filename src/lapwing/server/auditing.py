"""Compares rollups with their sources while serving, a little each minute."""

from __future__ import annotations

import threading

import structlog

from lapwing.cache.audit import Budget
from lapwing.model.problem import Cancelled, LapwingError, Problem
from lapwing.server.services import Services

EVERY = 60.0
"""Seconds between two looks."""
ROWS, BYTES = 2e6, 1e9
"""That sources may be made to read for one of them."""
_log = structlog.get_logger("lapwing.server")


class Auditing:
    """A thread of its own: neither what it waits for nor what fails in it keeps other work waiting. What differs is in
    quarantine when it is told here; the incident is in the store."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seconds = services.settings.audit_seconds
        self._stop = threading.Event()
        self._problems: tuple[Problem, ...] = ()
        self._thread = threading.Thread(target=self._run, name="lapwing-audit", daemon=True)

    def start(self) -> None:
        """Unless the budget is nothing."""
        if self._seconds > 0:
            self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended, or after ten seconds."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            self._look()

    def _look(self) -> None:
        budget = Budget(seconds=self._seconds, rows=ROWS, bytes=BYTES)
        try:
            audit = self._services.lapwing.cache.audits.run(budget=budget, cancel=self._stop)
        except Cancelled:
            return
        except LapwingError as error:
            if error.problems != self._problems:  # each is told once
                _log.warning("rollups are not audited", problems=[str(problem) for problem in error.problems])
            self._problems = error.problems
            return
        self._problems = ()
        for one in audit.opened:
            _log.error("a rollup differs from its source", rollup=one.rollup, incident=one.id, says=one.says)
        for one in audit.resolved:
            _log.info("an incident is resolved", rollup=one.rollup, incident=one.id, says=one.resolution)
