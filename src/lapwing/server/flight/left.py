"""Notices clients of Flight that left before there was a row for them: gRPC tells who asks, and only sending asks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

EVERY = 0.25
"""Seconds between two looks."""


class Left:
    """One thread for all calls; it ends with the process, or by `stop`."""

    def __init__(self) -> None:
        self._watched: dict[int, tuple[Any, Callable[[], object]]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, context: Any, left: Callable[[], object]) -> Iterator[None]:
        """Meanwhile `left` is called once if the client of the call `context` leaves. The context must not be asked after
        its call has ended, which is why both are done under the lock."""
        with self._lock:
            self._watched[id(context)] = context, left
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="lapwing-flight-left", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._watched.pop(id(context), None)

    def stop(self) -> None:
        self._stop.set()

    def _look(self) -> None:
        while not self._stop.wait(EVERY):
            with self._lock:
                gone = [number for number, (context, _) in self._watched.items() if context.is_cancelled()]
                calls = [self._watched.pop(number)[1] for number in gone]
            for call in calls:
                call()
