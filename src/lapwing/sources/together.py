"""Several iterators worked off at once, each in a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Generic, TypeVar

from lapwing.sources.breakable import NAG

T = TypeVar("T")
Works = Sequence[Callable[[], Generator[T, None, None]]]


def together(works: Works[T], *, ahead: int, interrupt: Callable[[], None], name: str) -> Generator[T, None, None]:
    """The items of all, as they come; at most `ahead` wait to be taken. Whatever ends it (the first error of one, or who takes
    the items) ends all: `interrupt` is called again and again until none works any more.

    Raises:
        Exception: what one of them raised; drivers raise whatever they like.
    """
    yield from _Together(works, ahead, interrupt, name).items()


class _Together(Generic[T]):
    def __init__(self, works: Works[T], ahead: int, interrupt: Callable[[], None], name: str) -> None:
        self._ahead, self._interrupt, self._name = ahead, interrupt, name
        self._ready: deque[T] = deque()
        self._error: Exception | None = None
        self._stopped = self._broken = False
        self._working = len(works)
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._work, args=(one,), name=name, daemon=True) for one in works]

    def items(self) -> Generator[T, None, None]:
        for thread in self._threads:
            thread.start()
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._ready or self._error or self._broken or not self._working)
                    if self._error is not None or self._broken:
                        raise self._error or RuntimeError(f"a thread of {self._name} broke off")
                    if not self._ready:
                        return
                    item = self._ready.popleft()
                    self._changed.notify_all()
                yield item
        finally:
            with self._changed:
                self._stopped = True
                self._changed.notify_all()
            for thread in self._threads:
                thread.join(NAG)
                while thread.is_alive():
                    self._interrupt()
                    thread.join(NAG)

    def _work(self, work: Callable[[], Generator[T, None, None]]) -> None:
        broken = True
        try:
            with closing(work()) as items:
                for item in items:
                    with self._changed:
                        self._changed.wait_for(lambda: len(self._ready) < self._ahead or self._stopped)
                        if self._stopped:
                            return
                        self._ready.append(item)
                        self._changed.notify_all()
            broken = False
        except Exception as error:  # noqa: BLE001 it is raised again where the items are taken
            with self._changed:
                self._error = self._error or error
        finally:
            with self._changed:
                self._working -= 1
                self._broken = self._broken or broken
                self._changed.notify_all()
