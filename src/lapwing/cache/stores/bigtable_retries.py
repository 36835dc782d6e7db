"""Writes that Bigtable refuses for a while: tried again, ever later, within a limit."""

from __future__ import annotations

import random
import threading
import time
from typing import Final

from lapwing.cache.stores.bigtable_errors import passes, retry_after
from lapwing.cache.stores.limits import closed
from lapwing.model.project import Writes

_LEAST_ATTEMPT: Final = 0.001


class Retries:
    """Of one request. The client's own retries are not used for writes: they leave out RESOURCE_EXHAUSTED, and wait as they
    like when Bigtable says for how long. `closing` ends all waiting."""

    def __init__(self, writes: Writes, closing: threading.Event) -> None:
        self._writes = writes
        self._closing = closing
        self._until = time.monotonic() + writes.time_limit
        self._pause = writes.first_wait

    @property
    def seconds(self) -> float:
        """For the next attempt."""
        return max(min(self._writes.attempt, self._until - time.monotonic()), _LEAST_ATTEMPT)

    def wait(self, error: Exception) -> None:
        """Waits before the request is made again.

        Raises:
            Exception: `error` itself, where it will not pass, or there is no time left.
            StoreError: the store was closed meanwhile.
        """
        asked = retry_after(error)
        # About as long as planned, so that not all come back at once.
        pause = self._pause * (0.5 + random.random()) if asked is None else asked  # noqa: S311
        if not passes(error) or time.monotonic() + pause >= self._until:
            raise error
        self._pause = min(2 * self._pause, self._writes.longest_wait)
        rest(pause, self._closing)


def rest(seconds: float, closing: threading.Event) -> None:
    """Waits, unless the store is closed meanwhile.

    Raises:
        StoreError: it is closed.
    """
    if closing.wait(seconds) if seconds > 0 else closing.is_set():
        raise closed()
