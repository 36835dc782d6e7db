"""How many rows conditions leave, as the sources say; remembered for a while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from lapwing.sources.base import Source, Table

REMEMBERED = 2_000
SECONDS = 60.0
PICKED = 0.01
"""The share of groups made by a source that HAVING leaves: it is written to pick a few."""


class Expected:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, str], tuple[float, float | None]] = OrderedDict()
        self._lock = threading.Lock()

    def rows(self, source: Source, table: Table, where: str | None) -> float | None:
        """About how many rows of the table a condition in its source's dialect is true of, all without one; None where
        nothing is known. It may ask the source."""
        if table.rows is not None and (where is None or table.body):
            return table.rows * (1.0 if where is None else PICKED)
        asked = source.name, table.path, where or "1 = 1"
        with self._lock:
            known = self._known.get(asked)
        if known is not None and time.monotonic() - known[0] < SECONDS:
            return known[1]
        found = source.expected_rows(table, asked[2])
        with self._lock:
            self._known[asked] = time.monotonic(), found
            self._known.move_to_end(asked)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found
