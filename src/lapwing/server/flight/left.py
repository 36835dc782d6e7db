"""Notices clients of Flight that left before there was a row for them: gRPC tells who asks, and only sending asks."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from lapwing.server.watch import Watch


class Left(Watch[Any]):
    """Contexts of calls. One must not be asked after its call has ended: until then it is watched."""

    thread_name: ClassVar[str] = "lapwing-flight-left"

    def gone(self, watched: Collection[Any]) -> list[Any]:
        return [context for context in watched if context.is_cancelled()]
