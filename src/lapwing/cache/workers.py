"""Pieces of work done at once, a few at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextvars import copy_context
from types import TracebackType
from typing import Self


class Workers:
    """Runs pieces of work, up to `most` at once; without an executor one by one, on the spot;
    in the context of who asks. As a context manager it
    ends when all of them have; the first error is raised then, or before the next piece is begun."""

    def __init__(self, executor: Executor | None, most: int) -> None:
        self._executor = executor
        self._most = most
        self._running: set[Future[None]] = set()

    def do(self, work: Callable[[], None]) -> None:
        """Begins a piece of work, as soon as there is a place for it."""
        if self._executor is None:
            work()
            return
        self._collect(self._most - 1)
        self._running.add(self._executor.submit(copy_context().run, work))

    def _collect(self, most: int) -> None:
        while len(self._running) > most:
            done, self._running = wait(self._running, return_when=FIRST_COMPLETED)
            for one in done:
                one.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                self._collect(0)
            finally:
                wait(self._running)
        else:
            wait(self._running)
