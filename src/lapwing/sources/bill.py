"""What the reads of one question may cost, and what they did.

A bill is ambient: whoever asks opens one, and all that is read meanwhile in that thread (and in threads that were handed
its context) is put on it. Sources that charge by bytes look at it before they read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Final, TypeVar

from lapwing.model.problem import LapwingError, SourceError
from lapwing.model.size import shown_size
from lapwing.sources.base import Spent

T = TypeVar("T")
_END: Final = object()
_current: ContextVar[Bill | None] = ContextVar("bill", default=None)


class Bill:
    """`most`: bytes that may be billed for all reads together, None: any. Safe to use from several threads."""

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self._reserved = 0
        self._spent: list[Spent] = []
        self._lock = threading.Lock()

    def reserve(self, source: str, estimate: int) -> None:
        """Sets bytes aside for a read that is about to begin.

        Raises:
            SourceError: with those before it would be more than may be billed.
        """
        with self._lock:
            self._reserved += estimate
            if self.most is not None and self._reserved > self.most:
                raise over_budget(source, self._reserved, self.most)

    def add(self, spent: Spent | None) -> None:
        """Puts a read on it."""
        if spent is not None:
            with self._lock:
                self._spent.append(spent)

    @property
    def spent(self) -> tuple[Spent, ...]:
        """All reads, in the order in which they ended."""
        with self._lock:
            return tuple(self._spent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of several reads together: the ids of their jobs, bytes billed, milliseconds of slots."""

    jobs: tuple[str, ...] = ()
    bytes_billed: int = 0
    slot_ms: int = 0


def cost_of(reads: Iterable[Spent | None]) -> Cost:
    """What reads have cost together; None are those of sources that don't tell."""
    told = [one for one in reads if one is not None]
    return Cost(
        jobs=tuple(one.job for one in told if one.job is not None),
        bytes_billed=sum(one.bytes_billed for one in told),
        slot_ms=sum(one.slot_ms for one in told),
    )


def current() -> Bill | None:
    """The bill of whoever asks."""
    return _current.get()


def bill_for(most: int | None) -> AbstractContextManager[Bill | None]:
    """For a question that may be billed for `most` bytes: a bill of its own, unless it is part of one that has one."""
    return nullcontext() if most is None or current() is not None else billed(Bill(most))


@contextmanager
def billed(bill: Bill) -> Iterator[Bill]:
    """Meanwhile reads are put on `bill`."""
    token = _current.set(bill)
    try:
        yield bill
    finally:
        _current.reset(token)


def billed_while_taken(bill: Bill, items: Iterator[T]) -> Iterator[T]:
    """The items; what is read to make them is put on `bill`."""
    context = copy_context()
    context.run(_current.set, bill)
    while (item := context.run(next, items, _END)) is not _END:
        yield item  # type: ignore[misc]  # it is no end


def over_budget(source: str, wanted: int, most: int) -> LapwingError:
    """It would read more than it may."""
    return SourceError.of(
        "over-budget",
        f"{source} would be billed for {shown_size(wanted)}, and {shown_size(most)} is the most that it may.",
        hint="Ask for less time or fewer columns, or raise maximum_bytes_billed.",
    )
