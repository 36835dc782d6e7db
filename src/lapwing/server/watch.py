"""Notices clients that leave while their statements run, where nothing is sent to them or read from them meanwhile."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import ClassVar, Generic, TypeVar

EVERY = 0.25
"""Seconds between two looks."""
W = TypeVar("W")


class Watch(ABC, Generic[W]):
    """One thread for all that is watched; it ends with the process, or by `stop`."""

    thread_name: ClassVar[str]

    def __init__(self) -> None:
        self._watched: dict[W, Callable[[], object]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @abstractmethod
    def gone(self, watched: Collection[W]) -> list[W]:
        """Those whose client has left. None of them ends its watching meanwhile."""

    @contextmanager
    def watching(self, one: W, left: Callable[[], object]) -> Iterator[None]:
        """Meanwhile `left` is called once if the client of `one` leaves."""
        with self._lock:
            self._watched[one] = left
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name=self.thread_name, daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._watched.pop(one, None)

    def stop(self) -> None:
        self._stop.set()

    def _look(self) -> None:
        while not self._stop.wait(EVERY):
            with self._lock:
                calls = [self._watched.pop(one) for one in self.gone(self._watched)]
            for call in calls:
                call()
