"""How the server ends: in good order, and within seconds whatever it still waits for.

Not all that runs can be broken off: a client that doesn't take its rows, a look at a SQLite view, a driver's call. The
store and the state lose nothing when a process ends in the midst of its work, so such things are left.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import structlog

from lapwing.server.queries import Queries

GRACE = 4.0
"""Seconds from the signal to the end of the process."""
_log = structlog.get_logger("lapwing.server")


class Ending:
    """Begins with a signal, once; a second one ends the process at once."""

    def __init__(self, queries: Queries, stop: Callable[[], object]) -> None:
        self._queries, self._stop = queries, stop
        self._begun = False

    def begin(self) -> None:
        """Statements are cancelled first: their streams would keep the server waiting."""
        if self._begun:
            self._leave()
        self._begun = True
        timer = threading.Timer(GRACE, self._leave)
        timer.daemon = True  # an end in good order does not wait for it
        timer.start()
        self._queries.cancel_all()
        self._stop()

    def _leave(self) -> None:
        running = [query.text for query in self._queries.recent() if query.state == "running"]
        _log.warning("ended without waiting for what still ran", statements=running)
        os._exit(0)
