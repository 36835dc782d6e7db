"""A progress bar for people who wait: in terminals and notebooks, after a second; none elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lapwing.python.errors import Error

PATIENCE = 1.0
"""Seconds without a bar."""


def shown() -> bool:
    """Whether somebody looks: a terminal, or a notebook."""
    return sys.stderr.isatty() or "ipykernel" in sys.modules


@contextmanager
def watched(fraction: Callable[[], float | None], wanted: bool) -> Iterator[None]:
    """Shows how far `fraction` has come while the block runs, if that is `wanted`."""
    if not wanted:
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_show, args=(fraction, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _show(fraction: Callable[[], float | None], done: threading.Event) -> None:
    if done.wait(PATIENCE):
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("lapwing", total=None)
        while not done.wait(0.2):
            try:
                share = fraction()
            except Error:
                return  # the statement's own error is told to the one who waits
            if share is not None:
                progress.update(task, total=1.0, completed=share)
