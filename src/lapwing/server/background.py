"""The server's one background thread: keeps the incidents up to date with the data."""

from __future__ import annotations

import threading

import structlog

from lapwing.model.problem import LapwingError
from lapwing.server.services import Services

EVERY = 30.0
"""Seconds between two looks."""
_log = structlog.get_logger("lapwing.server")


class Background:
    """Replays the alerts at the start and whenever a rollup has changed (a build in another process counts)."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lapwing-alerts", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended, or after ten seconds."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(10)

    def _run(self) -> None:
        seen: object = None
        while not self._stop.is_set():
            state = self._state()
            if state is not None and state != seen:
                self._services.replay(self._stop)
                seen = state
            self._stop.wait(EVERY)

    def _state(self) -> object:
        """What changes when there is something new to look at; None when it can't be told now."""
        try:
            return tuple(
                (one.dataset, one.name, one.built_at, one.cells) for one in self._services.lapwing.cache.status()
            )
        except LapwingError as error:
            _log.warning("the rollups can't be read", problems=[str(problem) for problem in error.problems])
            return None
