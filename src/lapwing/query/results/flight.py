"""One statement that is run for all who ask the same meanwhile (Go's singleflight).

Who follows waits for the first one's result to be kept. A first one that does not get on, because its client takes its time
or never takes a row, is not waited for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from lapwing.query.results.versions import Versions
from lapwing.sql.run import Running

PATIENCE: Final = 1.0
"""Seconds without a row, once there were some, or without a beginning."""
_LOOK: Final = 0.05


class Flight:
    """`since`: when it began to be read (seconds of Unix time), from tables in these `versions`; `moved`: when rows last came
    (monotonic seconds), None before the first."""

    def __init__(self, versions: Versions, since: float, landed: Callable[[], None]) -> None:
        self.versions, self.since = versions, since
        self.moved: float | None = None
        self.running: Running | None = None
        self._began = time.monotonic()
        self._landed = landed
        self._over = threading.Event()

    def land(self) -> None:
        """Its result is kept, or is not."""
        self._landed()
        self._over.set()

    def wait(self) -> None:
        """Until it is over, or for a moment."""
        self._over.wait(_LOOK)

    @property
    def over(self) -> bool:
        """Nobody waits for it any more."""
        if self._over.is_set():
            return True
        running, now = self.running, time.monotonic()
        if running is None or running.stage == "planned":
            return now - self._began > PATIENCE
        return self.moved is not None and now - self.moved > PATIENCE
