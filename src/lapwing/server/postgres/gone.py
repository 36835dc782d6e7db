"""Notices that clients have gone while their statements run, when nobody reads from their sockets."""

from __future__ import annotations

import select
from collections.abc import Collection
from typing import ClassVar

from lapwing.server.watch import Watch

_GONE = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


class Gone(Watch[int]):
    """Sockets by their numbers, whose other ends close."""

    thread_name: ClassVar[str] = "lapwing-postgres-gone"

    def gone(self, watched: Collection[int]) -> list[int]:
        poll = select.poll()
        for number in watched:
            poll.register(number, _GONE)
        return [number for number, _ in poll.poll(0)]
