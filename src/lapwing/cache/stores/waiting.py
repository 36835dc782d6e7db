"""Who waits for a store that does not answer or takes no writes: builds do; answers, and what they leave behind, do not,
because the sources answer meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CANCEL: ContextVar[threading.Event | None] = ContextVar("store_waits", default=None)


@contextmanager
def waiting(cancel: threading.Event) -> Iterator[None]:
    """Reads and writes of the block wait, until `cancel` is set. Threads that work for it need its context (`copy_context`)."""
    token = _CANCEL.set(cancel)
    try:
        yield
    finally:
        _CANCEL.reset(token)


def waits() -> threading.Event | None:
    """What ends the waiting; None where nobody waits."""
    return _CANCEL.get()
