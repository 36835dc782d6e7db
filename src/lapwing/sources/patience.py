"""How long who asks a source a question (its tables, a version, an estimate) waits for the answer.

A read has a time limit and a thread of its own. A question is one call of a driver, whose own limits are minutes where a server
takes a connection and then says nothing; a statement is not to wait longer than it may take.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Final, TypeVar

from lapwing.model.problem import TimeLimit

T = TypeVar("T")
MOST: Final = 20.0
"""Seconds for one question, however long a statement may take."""
_until: ContextVar[float | None] = ContextVar("until", default=None)


class Unanswered(TimeLimit):
    """The source said nothing, for as long as there was time."""


@contextmanager
def patient(seconds: float) -> Iterator[None]:
    """Inside, nobody waits for answers of sources beyond so many seconds from now."""
    until, outer = time.monotonic() + seconds, _until.get()
    token = _until.set(until if outer is None else min(until, outer))
    try:
        yield
    finally:
        _until.reset(token)


def answered(source: str, question: Callable[[], T]) -> T:
    """What `question` gives or raises. Outside of `patient` it is just asked; inside it is left to end by itself, in a thread
    that keeps no process, once the time is over.

    Raises:
        Unanswered: then.
    """
    until = _until.get()
    if until is None:
        return question()
    found: list[T] = []
    failed: list[BaseException] = []
    done = threading.Event()

    def ask() -> None:
        try:
            found.append(question())
        except BaseException as error:  # noqa: BLE001 it is raised again where it is waited for
            failed.append(error)
        finally:
            done.set()

    begun = time.monotonic()
    threading.Thread(target=copy_context().run, args=(ask,), name=f"ask {source}", daemon=True).start()
    done.wait(max(0.0, min(MOST, until - begun)))
    if found:
        return found[0]
    if failed:
        raise failed[0]
    waited = time.monotonic() - begun
    says = f"{source} did not answer within {waited:.1f} s, which is all the time there was, when asked what it has."
    raise Unanswered.of("time-limit", says, hint="Check that it runs and has room. Nothing was read yet.")
