"""A statement's turn, taken from a thread where the server's loop gives it: all doors share how many run at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from anyio import CapacityLimiter


class Turns:
    """`limiter` belongs to `loop`."""

    def __init__(self, limiter: CapacityLimiter, loop: asyncio.AbstractEventLoop) -> None:
        self._limiter, self._loop = limiter, loop

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for a turn, and gives it back."""
        owner = object()
        asyncio.run_coroutine_threadsafe(self._limiter.acquire_on_behalf_of(owner), self._loop).result()
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._limiter.release_on_behalf_of, owner)
