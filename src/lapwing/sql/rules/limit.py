"""So many rows are enough: LIMIT goes to the source where every row it sends will be in the result."""

from __future__ import annotations

from dataclasses import replace

from lapwing.sources.base import Operation
from lapwing.sql.nodes import Scan
from lapwing.sql.rules.base import Facts


def limit(scan: Scan, facts: Facts) -> Scan:
    """Legal when the plan is a limit over this scan alone, with nothing between but columns and conditions, and the
    source was given every one of these. The offset is part of the limit. The statement names no order, so any of its
    rows will do."""
    if scan.native or len(facts.sightings) != 1 or scan.kept:
        return scan
    if Operation.LIMIT not in facts.source.capabilities.pushable:
        return scan
    return replace(scan, limit=facts.sightings[0].limit)
