"""Ctrl-C that ends long work in good order."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stopping(says: str) -> Iterator[threading.Event]:
    """The first Ctrl-C (or SIGTERM) says so and sets the event, the second interrupts at once."""
    cancel = threading.Event()

    def ask(_: int, __: FrameType | None) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()
        sys.stderr.write(f"{says}\n")

    before = {wanted: signal.signal(wanted, ask) for wanted in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for wanted, handler in before.items():
            signal.signal(wanted, handler)
