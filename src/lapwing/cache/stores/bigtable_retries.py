"""Writes that Bigtable refuses for a while: tried again, ever later, within a limit."""

from __future__ import annotations

import random
import threading
import time
from typing import Final

from lapwing.cache.stores.bigtable_errors import passes, retry_after, timed_out
from lapwing.cache.stores.limits import closed
from lapwing.cache.stores.waiting import waits
from lapwing.model.problem import Cancelled
from lapwing.model.project import Reads, Writes

_LEAST_ATTEMPT: Final = 0.001


class Retries:
    """Of one request: for `writes.time_limit` where a build waits, else no longer than a read. The client's own retries are
    not used for writes: they leave out RESOURCE_EXHAUSTED, and wait as they like when Bigtable says for how long. `closing`
    ends all waiting."""

    def __init__(self, reads: Reads, writes: Writes, closing: threading.Event) -> None:
        self._writes = writes
        self._closing = closing
        self._cancel = waits()
        limit = writes.time_limit if self._cancel is not None else min(reads.time_limit, writes.time_limit)
        self._until = time.monotonic() + limit
        self._pause = writes.first_wait
        self._why: Exception | None = None

    @property
    def seconds(self) -> float:
        """For the next attempt."""
        return max(min(self._writes.attempt, self._until - time.monotonic()), _LEAST_ATTEMPT)

    def wait(self, error: Exception) -> None:
        """Waits before the request is made again.

        Raises:
            Exception: `error` itself, where it will not pass. Where there is no time left, the last one by which Bigtable
                said why.
            StoreError: the store was closed meanwhile. Cancelled: the build was.
        """
        if self._why is None or not timed_out(error):
            self._why = error
        asked = retry_after(error)
        # About as long as planned, so that not all come back at once.
        pause = self._pause * (0.5 + random.random()) if asked is None else asked  # noqa: S311
        if not passes(error):
            raise error
        if time.monotonic() + pause >= self._until:
            raise self._why
        self._pause = min(2 * self._pause, self._writes.longest_wait)
        rest(pause, self._closing)
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled.of("cancelled", "It was cancelled while the store did not answer.")


def rest(seconds: float, closing: threading.Event) -> None:
    """Waits, unless the store is closed meanwhile.

    Raises:
        StoreError: it is closed.
    """
    if closing.wait(seconds) if seconds > 0 else closing.is_set():
        raise closed()
