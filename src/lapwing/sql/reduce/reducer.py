"""Reduces plans."""

from __future__ import annotations

from collections.abc import Mapping

from lapwing.sources.base import Source
from lapwing.sql.expected import Expected
from lapwing.sql.nodes import Plan
from lapwing.sql.reduce.drop import dropped
from lapwing.sql.reduce.hold import marked, placed
from lapwing.sql.reduce.seen import Seen
from lapwing.sql.reduce.share import shared


class Reducer:
    """Safe to use from several threads."""

    def __init__(self, sources: Mapping[str, Source], expected: Expected) -> None:
        self._sources = sources
        self._expected = expected
        self._seen = Seen()

    def learn(self, plan: Plan, rows: Mapping[str, int]) -> bool:
        """Remembers how many rows the scans of a plan had, by their ids; whether it had better be made again."""
        return self._seen.learn(plan, rows)

    def reduced(self, plan: Plan) -> Plan:
        """The plan, its scans reduced by each other where that pays; it may ask sources."""
        if sum(scan.used > 0 for scan in plan.scans) < 2 or all(scan.native for scan in plan.scans):
            return dropped(plan, plan, self._sources)
        # Below here sqlglot is imported, a tenth of a second that other statements need not spend.
        from lapwing.sql.reduce.choose import reduced

        among = shared(marked(reduced(plan, self._sources, self._expected.rows, self._seen)), self._sources)
        return dropped(placed(among), plan, self._sources)
