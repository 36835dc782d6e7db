"""Notices that clients have gone while their statements run, when nobody reads from their sockets."""

from __future__ import annotations

import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY = 0.25
"""Seconds between two looks."""
_GONE = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


class Gone:
    """One thread for all; it ends with the process, or by `stop`."""

    def __init__(self) -> None:
        self._watched: dict[int, Callable[[], object]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, number: int, gone: Callable[[], object]) -> Iterator[None]:
        """Meanwhile `gone` is called once if the other end of socket `number` closes."""
        with self._lock:
            self._watched[number] = gone
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="lapwing-postgres-gone", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._watched.pop(number, None)

    def stop(self) -> None:
        self._stop.set()

    def _look(self) -> None:
        while not self._stop.wait(EVERY):
            with self._lock:
                poll = select.poll()
                for number in self._watched:
                    poll.register(number, _GONE)
                found = [self._watched.pop(number) for number, _ in poll.poll(0)]
            for gone in found:
                gone()
