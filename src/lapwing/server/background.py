"""A thread of the server that keeps the incidents up to date with the rollups."""

from __future__ import annotations

import threading

import structlog

from lapwing.model.problem import Cancelled, LapwingError, Problem
from lapwing.server.services import Services

EVERY = 30.0
"""Seconds between two looks."""
_log = structlog.get_logger("lapwing.server")


class Background:
    """Replays the alerts at the start and whenever a rollup has changed: at once where this server built it, within half a
    minute where another process did."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seen: object = None
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lapwing-alerts", daemon=True)

    def start(self) -> None:
        self._services.refresher.built = self._wake.set
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended, or after ten seconds."""
        self._stop.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(10)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._wake.clear()
                self._look()
                self._wake.wait(EVERY)
        finally:
            if not self._stop.is_set():  # a fault of ours; Python's hook for threads logs it
                says = "The server no longer keeps the incidents up to date; its log tells why."
                self._services.trouble = (Problem("background-ended", says, hint="Start the server again."),)

    def _look(self) -> None:
        """Replays where something has changed. A problem is told at /api/health until it is gone, and logged once."""
        try:
            state = tuple(
                (one.dataset, one.name, one.built_at, one.cells)
                for one in self._services.lapwing.cache.status(check=False)
            )
            self._services.alerts.data.look()
            self._services.alerts.data.look_so_far()
            if state != self._seen:
                with self._services.queries.admission.place("alerts", self._stop):
                    self._services.alerts.replay(None, None, self._stop)
                    self._services.alerts.find_causes(self._stop)
                self._seen = state
            self._services.trouble = ()
        except Cancelled:
            return
        except LapwingError as error:
            if error.problems != self._services.trouble:
                _log.warning("incidents are not up to date", problems=[str(problem) for problem in error.problems])
            self._services.trouble = error.problems
