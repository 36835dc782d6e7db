"""Who is next: so many statements run at once, and places go to those who have the fewest.

Places are given by rank: interactive before batch, then who has fewest running, then who was served longest ago, then who
asked first (least-loaded round robin). One batch statement counts as interactive, so that none waits for ever; no more than
half of the places are batch's; and the last quarter is for those who have nothing running, so that nobody fills the server.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from lapwing.model.problem import Cancelled, TooMany

Priority = Literal["interactive", "batch"]
PLACES = 12
LOOK = 0.2
"""Seconds between two looks whether work that waits for a place is still wanted."""
MOST_WAITING = 1_000
MOST_WAITING_EACH = 500


@dataclass(slots=True, eq=False)
class Ticket:
    """A wish to run. `granted` is called once, from any thread, when its place is free."""

    who: str
    priority: Priority
    granted: Callable[[], None] = field(repr=False)
    number: int = 0
    running: bool = False


class Admission:
    """Safe from several threads; nothing blocks."""

    def __init__(self, places: int = PLACES, most: int = MOST_WAITING, most_each: int = MOST_WAITING_EACH) -> None:
        self.places, self._most, self._most_each = places, most, most_each
        self._batch_places = max(1, places // 2)
        self._spare = places // 4
        self._waiting: list[Ticket] = []
        self._running: Counter[str] = Counter()
        self._batch = 0
        self._served: dict[str, int] = {}
        self._count = itertools.count(1)
        self._lock = threading.Lock()

    def ask(self, who: str, priority: Priority, granted: Callable[[], None]) -> Ticket:
        """Queues up; where there is room `granted` is called before this returns.

        Raises:
            TooMany: the queue is full, or this one's part of it.
        """
        with self._lock:
            of_this = sum(one.who == who for one in self._waiting)
            if len(self._waiting) >= self._most or of_this >= self._most_each:
                whose = "yours" if of_this >= self._most_each else "all"
                raise TooMany.of(
                    "too-many",
                    f"{self._running.total()} statements run and {len(self._waiting)} wait ({of_this} yours), which is "
                    f"as many of {whose} as may.",
                    hint="Ask again when some have ended; `lapwing queries list` shows them.",
                )
            ticket = Ticket(who, priority, granted, next(self._count))
            self._waiting.append(ticket)
            chosen = self._choose()
        _tell(chosen)
        return ticket

    @contextmanager
    def place(self, who: str, left: threading.Event) -> Iterator[None]:
        """Waits for a place of class batch, and holds it meanwhile: for work of the server's own. What is asked inside of it
        must not ask for another.

        Raises:
            Cancelled: `left` was set before there was one. TooMany: there is no room to wait.
        """
        free = threading.Event()
        ticket = self.ask(who, "batch", free.set)
        try:
            while not free.wait(LOOK):
                if left.is_set():
                    raise Cancelled.of("cancelled", "It was cancelled before its turn came.")
            yield
        finally:
            self.leave(ticket)

    def leave(self, ticket: Ticket) -> None:
        """It has ended, or does not want to wait any more. Harmless when it has left."""
        with self._lock:
            if ticket.running:
                ticket.running = False
                self._running[ticket.who] -= 1
                self._batch -= ticket.priority == "batch"
                if not self._running[ticket.who]:
                    del self._running[ticket.who]
            elif ticket in self._waiting:
                self._waiting.remove(ticket)
            chosen = self._choose()
        _tell(chosen)

    def waiting(self) -> dict[Ticket, int]:
        """Those that wait, by how things stand now; the next is 1."""
        with self._lock:
            return {ticket: place for place, ticket in enumerate(sorted(self._waiting, key=self._rank), 1)}

    def _choose(self) -> list[Ticket]:
        """Gives the free places away."""
        chosen: list[Ticket] = []
        while self._waiting and self._running.total() < self.places:
            able = [ticket for ticket in self._waiting if self._may(ticket)]
            if not able:
                break
            ticket = min(able, key=self._rank)
            self._waiting.remove(ticket)
            ticket.running = True
            self._running[ticket.who] += 1
            self._batch += ticket.priority == "batch"
            self._served[ticket.who] = next(self._count)
            chosen.append(ticket)
        if not self._running and not self._waiting:
            self._served.clear()  # whoever was here is forgotten
        return chosen

    def _may(self, ticket: Ticket) -> bool:
        if ticket.priority == "batch" and self._batch >= self._batch_places:
            return False
        return not self._running[ticket.who] or self.places - self._running.total() > self._spare

    def _rank(self, ticket: Ticket) -> tuple[bool, int, int, int]:
        later = ticket.priority == "batch" and self._batch > 0
        return later, self._running[ticket.who], self._served.get(ticket.who, 0), ticket.number


def _tell(chosen: list[Ticket]) -> None:
    """Outside of the lock: whoever is told may ask again."""
    for ticket in chosen:
        ticket.granted()
