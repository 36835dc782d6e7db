"""Work that no answer waits for: done one piece after the other by a thread of its own, as long as there is any."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final

from lapwing.model.failing import OnError

_IDLE: Final = 2.0  # seconds after which the thread ends


class Aside:
    """Up to `most` pieces of work wait; more are refused. Safe to use from several threads."""

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._waiting: queue.Queue[Callable[[], None]] = queue.Queue(most)
        self._lock = threading.Lock()
        self._running = False

    def do(self, work: Callable[[], None]) -> bool:
        """Leaves work to be done; whether there was room for it."""
        with self._lock:
            try:
                self._waiting.put_nowait(work)
            except queue.Full:
                return False
            if not self._running:
                self._begin()
        return True

    def _begin(self) -> None:
        self._running = True
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        with OnError(self._broke_off):
            while (work := self._next()) is not None:
                try:
                    work()
                finally:
                    self._waiting.task_done()

    def _broke_off(self, _error: BaseException) -> None:
        """What waits, and what comes, gets another thread."""
        with self._lock:
            self._running = False
            if not self._waiting.empty():
                self._begin()

    def _next(self) -> Callable[[], None] | None:
        """The next piece of work; None where there has been none for a while, and the thread ends."""
        while True:
            try:
                return self._waiting.get(timeout=_IDLE)
            except queue.Empty:
                with self._lock:
                    if self._waiting.empty():
                        self._running = False
                        return None

    def wait(self, seconds: float) -> bool:
        """Until all that was left is done, for so long at most; whether it is."""
        with self._waiting.all_tasks_done:
            return self._waiting.all_tasks_done.wait_for(lambda: not self._waiting.unfinished_tasks, seconds)
