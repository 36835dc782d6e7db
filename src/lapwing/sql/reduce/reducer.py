"""Reduces plans, and remembers for a while what sources said of how many rows a condition leaves."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping

from lapwing.sources.base import Source
from lapwing.sql.nodes import Plan, Scan

REMEMBERED = 2_000
SECONDS = 60.0


class Reducer:
    """Safe to use from several threads."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._known: OrderedDict[tuple[str, str, str], tuple[float, float | None]] = OrderedDict()
        self._lock = threading.Lock()

    def reduced(self, plan: Plan) -> Plan:
        """The plan, its scans reduced by each other where that pays; it may ask sources."""
        if sum(scan.used > 0 for scan in plan.scans) < 2 or all(scan.native for scan in plan.scans):
            return plan
        # Below here sqlglot is imported, a tenth of a second that other statements need not spend.
        from lapwing.sql.reduce.choose import reduced

        return reduced(plan, self._sources, self._rows)

    def _rows(self, source: Source, scan: Scan, where: str) -> float | None:
        asked = source.name, scan.table.path, where
        with self._lock:
            known = self._known.get(asked)
        if known is not None and time.monotonic() - known[0] < SECONDS:
            return known[1]
        found = source.expected_rows(scan.table, where)
        with self._lock:
            self._known[asked] = time.monotonic(), found
            self._known.move_to_end(asked)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found
