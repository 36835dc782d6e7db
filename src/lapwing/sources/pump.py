"""A thread that works off an iterator a few items ahead, and that whoever takes the items can walk away from.

Drivers block: inside of one call, for as long as the source likes. So these calls are made here, never by the one who
waits for the rows. A thread that can't be interrupted is left behind: it ends when its call returns, and closes what it
had opened. It never keeps the process from ending.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from typing import Generic, TypeVar

T = TypeVar("T")
NAG = 0.05  # seconds to the next interrupt, doubled each time: one between two steps of the work is lost
PATIENCE = 2.0  # seconds until one who waits for interrupted work is let go


class Pump(Generic[T]):
    """Works off `items` at once, at most `ahead` of who takes them. Once stopped, `interrupt` is called again and again
    until the work has ended; None: nothing breaks it off, so who waits for it is let go at once."""

    def __init__(
        self, items: Generator[T, None, None], *, ahead: int, interrupt: Callable[[], None] | None, name: str
    ) -> None:
        self._items, self._ahead, self._interrupt, self._name = items, ahead, interrupt, name
        self._ready: deque[T] = deque()
        self._error: Exception | None = None
        self._complete = self._ended = False
        self._let_go: float | None = None  # when nobody waits any more; set by stop
        self._changed = threading.Condition()
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def take(self) -> T | None:
        """The next item; None after the last one, and once the pump was stopped.

        Raises:
            Exception: what the items raised; drivers raise whatever they like.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._ended or self._let_go is not None)
            if self._let_go is not None:
                return None
            if self._ready:
                item = self._ready.popleft()
                self._changed.notify_all()
                return item
            if self._complete:
                return None
            raise self._error or RuntimeError(f"the thread {self._name} broke off")

    def ready(self) -> T | None:
        """The next item, if it is there already."""
        with self._changed:
            if not self._ready or self._let_go is not None:
                return None
            item = self._ready.popleft()
            self._changed.notify_all()
            return item

    def stop(self) -> None:
        """Ends the work, from any thread, without waiting for it. Harmless when done."""
        with self._changed:
            if self._ended or self._let_go is not None:
                return
            self._let_go = time.monotonic() + (PATIENCE if self._interrupt else 0)
            self._changed.notify_all()
        if self._interrupt:
            threading.Thread(target=self._nag, name=f"stop {self._name}", daemon=True).start()

    def wait(self) -> bool:
        """Stops, and waits until the work has ended or is left behind; whether it has ended."""
        self.stop()
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, (self._let_go or 0) - time.monotonic())

    def _work(self) -> None:
        try:
            for item in self._items:
                with self._changed:
                    self._changed.wait_for(lambda: len(self._ready) < self._ahead or self._let_go is not None)
                    if self._let_go is not None:
                        return
                    self._ready.append(item)
                    self._changed.notify_all()
            self._complete = True
        except Exception as error:  # noqa: BLE001 it is raised again where the items are taken
            self._error = error
        finally:
            self._items.close()
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _nag(self) -> None:
        assert self._interrupt is not None
        pause, ended = NAG, False
        while not ended:
            self._interrupt()
            with self._changed:
                ended = self._changed.wait_for(lambda: self._ended, pause)
            pause = min(1.0, pause * 2)
