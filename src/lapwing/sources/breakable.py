"""Ctrl-C while the engine works.

Python tells the main thread of a signal between two of its own steps. The engine's calls can take an hour, so the main
thread lets another make them, and waits where it can be told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")
NAG = 0.05
"""Seconds between interrupts: one that came between two steps of the engine is lost."""
_calls = ThreadPoolExecutor(1, "lapwing-main")  # the main thread makes one call at a time


def breakable(call: Callable[[], T], interrupt: Callable[[], None]) -> T:
    """What `call` gives or raises. At Ctrl-C in the main thread `interrupt` is called until `call` has ended.

    Raises:
        KeyboardInterrupt: then.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    outcome = _calls.submit(call)
    try:
        return outcome.result()
    except KeyboardInterrupt:
        while not outcome.done():
            interrupt()
            wait([outcome], NAG)
        raise
