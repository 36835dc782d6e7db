"""The rate of bulk writes that a server asks for while it is busy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

_FIRST: Final = 10.0
_LEAST, _MOST = 0.1, 100_000.0
_SLOWER, _FASTER = 0.7, 1.3
"""No single answer changes the rate by more."""
_REFUSED_SECONDS: Final = 10.0
_QUIET_SECONDS: Final = 300.0


class Pace:
    """Requests a second. There is no limit until the server speaks of one, nor once it has not for five minutes. Then it
    begins at 10, and each answer multiplies it by the factor that the server gives, once a period. A refusal slows it down,
    too. The numbers are those of Google's clients for Java, so that a server meets what it knows. Safe to use from several
    threads; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rate = _FIRST
        self._heard = self._changes = self._next = float("-inf")

    @property
    def rate(self) -> float | None:
        """Requests a second; None: as many as there are."""
        return self._rate if self._clock() - self._heard < _QUIET_SECONDS else None

    def delay(self) -> float:
        """How many seconds the next request has to wait; the one after it comes later."""
        with self._lock:
            now, rate = self._clock(), self.rate
            if rate is None:
                return 0.0
            at = max(now, self._next)
            self._next = at + 1 / rate
            return at - now

    def told(self, factor: float, period: float) -> None:
        """The server asks for `factor` times the rate, and to be heeded again after `period` seconds."""
        with self._lock:
            if self.rate is None:
                self._rate, self._next = _FIRST, self._clock()
            self._heard = self._clock()
            self._change(factor, period)

    def refused(self) -> None:
        """The server did not take a request, for now."""
        with self._lock:
            if self.rate is not None:
                self._change(_SLOWER, _REFUSED_SECONDS)

    def _change(self, factor: float, period: float) -> None:
        now = self._clock()
        if now >= self._changes:
            self._rate = min(max(self._rate * min(max(factor, _SLOWER), _FASTER), _LEAST), _MOST)
            self._changes = now + period
